from __future__ import annotations

import pytest

from headgate.simulation.plant import Plant


def plant(*jobs: tuple[float, float], pods: int = 1, concurrency: int = 1, startup: float = 10.0) -> Plant:
    made = Plant(jobs, concurrency, startup, seed=1)
    made.start(pods, warm=True)
    return made


def test_a_job_waits_until_a_slot_is_free() -> None:
    one = plant((1.0, 5.0), (2.0, 1.0))
    one.advance(4.0)
    assert (len(one.waiting), one.running, one.completed) == (1, 1, 0)
    one.advance(10.0)
    assert (one.waits, one.completed, one.busy_seconds) == ([0.0, 4.0], 2, 6.0)


def test_a_pod_takes_jobs_once_it_has_started() -> None:
    one = Plant([(0.0, 1.0)], 1, startup=10.0, seed=1)
    one.start(1)
    one.advance(30.0)
    (wait,) = one.waits
    assert 6.0 <= wait <= 10.5
    assert [seconds for _, seconds in one.starts] == [wait]


def test_a_drained_pod_finishes_and_takes_nothing_new() -> None:
    one = plant((0.0, 50.0), (1.0, 1.0))
    one.advance(5.0)
    one.drain(one.pods[0])
    one.advance(60.0)
    assert (one.completed, len(one.waiting), one.pods) == (1, 1, [])
    assert (one.toll.pod_seconds, one.toll.busy_victims, one.toll.jobs_cut) == (50.0, 0, 0)


def test_a_drain_can_be_taken_back() -> None:
    one = plant((0.0, 50.0), (1.0, 1.0))
    one.advance(5.0)
    one.drain(one.pods[0])
    one.resume(one.pods[0])
    one.advance(60.0)
    assert one.completed == 2


@pytest.mark.parametrize(
    ("seconds", "want_cut", "want_completed"),
    [pytest.param(20.0, 0, 1, id="within the grace period"), pytest.param(100.0, 1, 0, id="longer than that")],
)
def test_a_killed_pod(seconds: float, want_cut: int, want_completed: int) -> None:
    one = plant((0.0, seconds))
    one.advance(5.0)
    one.kill(one.pods[0])
    one.advance(90.0)
    assert (one.toll.busy_victims, one.toll.jobs_cut) == (1, want_cut)
    assert (one.completed, len(one.waiting)) == (want_completed, want_cut)


def test_a_job_that_was_cut_off_starts_again_and_has_waited_once() -> None:
    one = plant((0.0, 40.0))
    one.advance(5.0)
    one.kill(one.pods[0])
    one.start(1)
    one.advance(100.0)
    assert (one.completed, one.waits) == (1, [0.0])


def test_an_idle_victim_is_gone_at_once() -> None:
    one = plant(pods=2)
    one.advance(7.0)
    one.kill(one.pods[0])
    assert (len(one.pods), one.toll.busy_victims, one.toll.pod_seconds) == (1, 0, 7.0)


def test_the_end_charges_what_is_left_and_counts_who_still_waits() -> None:
    one = plant((0.0, 100.0), (3.0, 1.0))
    one.advance(10.0)
    one.end()
    assert (one.toll.pod_seconds, one.waits) == (10.0, [0.0, 7.0])


def test_a_ceiling_behind_the_workers_only_makes_jobs_longer() -> None:
    one = Plant([(0.0, 1.0)] * 4, 4, startup=0.0, seed=1, ceiling=2)
    one.start(1, warm=True)
    one.advance(1.4)
    assert one.completed == 2, "the third and fourth take 1.5 and 2 s"
    one.advance(2.1)
    assert one.completed == 4
