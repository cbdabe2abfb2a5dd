"""What one queue's pass saw reaches the pools that use it, with its age."""

from __future__ import annotations

from reconciler.observations import Observations, QueueName

Q = QueueName("shop", "q")


def test_a_sighting_ages_and_is_replaced() -> None:
    now = 10.0
    observations: Observations[int] = Observations(lambda: now, lambda _: None)
    assert observations.latest(Q) is None
    observations.record(Q, 5, wake=False)
    now = 14.0
    sighting = observations.latest(Q)
    assert sighting is not None
    assert (sighting.value, sighting.age(now)) == (5, 4.0)
    observations.record(Q, 6, wake=False)
    assert observations.latest(Q) != sighting


def test_pools_are_woken_when_it_matters_to_them() -> None:
    woken: list[QueueName] = []
    observations: Observations[int] = Observations(lambda: 0.0, woken.append)
    observations.record(Q, 5, wake=True)
    observations.record(Q, 5, wake=False)
    assert woken == [Q]
    observations.forget(Q)
    observations.forget(Q)
    assert woken == [Q, Q], "that a queue went is told once"
    assert observations.latest(Q) is None
