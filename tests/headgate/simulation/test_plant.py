from __future__ import annotations

import pytest

from headgate.simulation.crew import Crew
from headgate.simulation.plant import Plant
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import Arrival
from reconciler.plans.facts import Rate

ONE_QUEUE = (QueueSettings(),)


def plant(
    *jobs: tuple[float, float] | tuple[float, float, int],
    pods: int = 1,
    concurrency: int = 1,
    queues: tuple[QueueSettings, ...] = ONE_QUEUE,
    ceiling: int | None = None,
) -> Plant:
    own = Settings(max_replicas=100, concurrency=concurrency, queues=queues, startup=10.0)
    made = Plant([Arrival(*job) for job in jobs], (own,), seed=1, ceiling=ceiling)
    made.crews[0].start(pods, warm=True)
    return made


def crew(one: Plant) -> Crew:
    (only,) = one.crews
    return only


def waits(one: Plant) -> list[list[float]]:
    return [line.waits for line in one.lines]


def completed(one: Plant) -> int:
    return sum(line.completed for line in one.lines)


def test_a_job_waits_until_a_slot_is_free() -> None:
    one = plant((1.0, 5.0), (2.0, 1.0))
    one.advance(4.0)
    assert (one.waiting, one.running, completed(one)) == (1, 1, 0)
    one.advance(10.0)
    assert (waits(one), completed(one), one.lines[0].busy_seconds) == ([[0.0, 4.0]], 2, 6.0)


def test_a_pod_takes_jobs_once_it_has_started() -> None:
    one = plant((0.0, 1.0), pods=0)
    crew(one).start(1)
    one.advance(30.0)
    (wait,) = one.lines[0].waits
    assert 6.0 <= wait <= 10.5
    assert [seconds for _, seconds in crew(one).starts] == [wait]


def test_a_drained_pod_finishes_and_takes_nothing_new() -> None:
    one = plant((0.0, 50.0), (1.0, 1.0))
    one.advance(5.0)
    crew(one).drain(crew(one).pods[0])
    one.advance(60.0)
    assert (completed(one), one.waiting, crew(one).pods) == (1, 1, [])
    assert (crew(one).toll.pod_seconds, crew(one).toll.busy_victims, crew(one).toll.jobs_cut) == (50.0, 0, 0)


def test_a_drain_can_be_taken_back() -> None:
    one = plant((0.0, 50.0), (1.0, 1.0))
    one.advance(5.0)
    crew(one).drain(crew(one).pods[0])
    crew(one).resume(crew(one).pods[0])
    one.advance(60.0)
    assert completed(one) == 2


@pytest.mark.parametrize(
    ("seconds", "want_cut", "want_completed"),
    [pytest.param(20.0, 0, 1, id="within the grace period"), pytest.param(100.0, 1, 0, id="longer than that")],
)
def test_a_killed_pod(seconds: float, want_cut: int, want_completed: int) -> None:
    one = plant((0.0, seconds))
    one.advance(5.0)
    crew(one).kill(crew(one).pods[0])
    one.advance(90.0)
    assert (crew(one).toll.busy_victims, crew(one).toll.jobs_cut) == (1, want_cut)
    assert (completed(one), one.waiting) == (want_completed, want_cut)


def test_a_job_that_was_cut_off_starts_again_and_has_waited_once() -> None:
    one = plant((0.0, 40.0))
    one.advance(5.0)
    crew(one).kill(crew(one).pods[0])
    crew(one).start(1)
    one.advance(100.0)
    assert (completed(one), waits(one)) == (1, [[0.0]])


def test_an_idle_victim_is_gone_at_once() -> None:
    one = plant(pods=2)
    one.advance(7.0)
    crew(one).kill(crew(one).pods[0])
    assert (len(crew(one).pods), crew(one).toll.busy_victims, crew(one).toll.pod_seconds) == (1, 0, 7.0)


def test_the_end_charges_what_is_left_and_counts_who_still_waits() -> None:
    one = plant((0.0, 100.0), (3.0, 1.0))
    one.advance(10.0)
    one.end()
    assert (crew(one).toll.pod_seconds, waits(one)) == (10.0, [[0.0, 7.0]])


def test_a_ceiling_behind_the_workers_only_makes_jobs_longer() -> None:
    one = plant(*[(0.0, 1.0)] * 4, concurrency=4, ceiling=2)
    one.advance(1.4)
    assert completed(one) == 2, "the third and fourth take 1.5 and 2 s"
    one.advance(2.1)
    assert completed(one) == 4


def test_strict_order_leaves_a_queue_alone_while_those_before_it_have_jobs() -> None:
    one = plant(
        (0.0, 1.0, 1), (0.1, 1.0, 1), (0.2, 1.0, 0), (0.3, 1.0, 0), queues=(QueueSettings("a"), QueueSettings("b"))
    )
    one.advance(10.0)
    assert waits(one) == [pytest.approx([0.8, 1.7]), pytest.approx([0.0, 2.9])]


def test_weights_share_the_slots() -> None:
    """Both have jobs for 1,000 s, and one slot runs them."""
    jobs = [(0.0, 1.0, queue) for queue in (0, 1) for _ in range(1000)]
    one = plant(*jobs, queues=(QueueSettings("a", weight=3), QueueSettings("b", weight=1)))
    one.advance(1000.0)
    assert one.lines[0].completed == pytest.approx(750, abs=55), "four standard deviations"


@pytest.mark.parametrize(
    ("burst", "want"),
    [
        pytest.param(None, [0, 0, 5, 10], id="as many at once as the limit says"),
        pytest.param(1, [0, 5, 10, 15], id="a burst of one"),
        pytest.param(4, [0, 0, 0, 0], id="a burst of four"),
    ],
)
def test_a_rate_limit_lets_jobs_wait_beside_free_slots(burst: int | None, want: list[float]) -> None:
    limited = QueueSettings(rate=Rate(2, 10.0, "10s"), burst=burst)
    one = plant(*[(0.0, 1.0)] * 4, pods=4, queues=(limited,))
    one.advance(60.0)
    assert waits(one) == [pytest.approx(want)]


def test_a_bucket_holds_no_more_than_its_burst() -> None:
    limited = QueueSettings(rate=Rate(1, 10.0, "10s"))
    one = plant((0.0, 1.0), (500.0, 1.0), (500.0, 1.0), pods=4, queues=(limited,))
    one.advance(600.0)
    assert waits(one) == [pytest.approx([0.0, 0.0, 10.0])]


def test_a_limited_queue_does_not_hold_up_the_next_one() -> None:
    limited = QueueSettings("a", rate=Rate(1, 60.0, "1m"))
    one = plant((0.0, 1.0, 0), (0.0, 1.0, 0), (0.0, 1.0, 1), queues=(limited, QueueSettings("b")))
    one.advance(120.0)
    assert waits(one) == [pytest.approx([0.0, 60.0]), pytest.approx([1.0])]


def test_jobs_of_a_paused_queue_wait() -> None:
    one = plant((0.0, 1.0), queues=(QueueSettings(paused=True),))
    one.advance(60.0)
    one.end()
    assert (waits(one), completed(one)) == ([[60.0]], 0)
