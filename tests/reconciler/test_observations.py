"""What one queue's pass saw reaches the pools that use it, with its age."""

from __future__ import annotations

from reconciler.observations import CALLS_SECONDS, Observations, QueueName

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


def test_a_pool_that_has_not_decided_yet_was_called_by_the_first_reading_it_missed() -> None:
    now = 0.0
    observations: Observations[int] = Observations(lambda: now, lambda _: None)
    for now, wake in ((10.0, True), (11.0, False), (12.0, True), (13.0, False)):
        observations.record(Q, 5, wake=wake, due=now - 0.5)
    sighting = observations.latest(Q)
    assert sighting is not None
    found = {decided: sighting.called_since(decided) for decided in (float("-inf"), 9.0, 10.0, 11.5, 12.0)}
    assert found == {float("-inf"): 9.5, 9.0: 9.5, 10.0: 11.5, 11.5: 11.5, 12.0: None}
    now = 12.0 + CALLS_SECONDS
    observations.record(Q, 5, wake=True)
    sighting = observations.latest(Q)
    assert sighting is not None
    assert len(sighting.calls) == 1, "what is older than a pass may last is forgotten"
