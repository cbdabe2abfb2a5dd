from __future__ import annotations

import pytest

from reconciler.brokers.errors import BrokerError, BrokerUnreachable, CredentialsRefused
from reconciler.brokers.observation import Identity, Method, Observation, exact
from reconciler.brokers.sight import Sight, failed, moved, seen

UNREACHABLE = BrokerUnreachable("redis:6379: Connection refused")
REFUSED = CredentialsRefused("WRONGPASS")


def observation(waiting: int = 3, run_id: str = "one") -> Observation:
    return Observation(1_800_000_000.0, exact(waiting), exact(0), identity=Identity(run_id, "", "master"))


def test_the_last_reading_is_kept_when_the_next_fails_but_not_believed() -> None:
    sight = failed(seen(None, observation(), 1.0), UNREACHABLE, 3.0)
    assert sight.observation == observation()
    assert sight.readable is None
    assert (sight.read_at, sight.failing_since, sight.failures) == (1.0, 3.0, 1)


def test_a_reading_ends_the_failures() -> None:
    sight = seen(failed(None, UNREACHABLE, 1.0), observation(), 3.0)
    assert (sight.error, sight.failures, sight.failing_since) == (None, 0, None)


@pytest.mark.parametrize(
    ("error", "times", "want_shown"), [(UNREACHABLE, 1, False), (UNREACHABLE, 2, True), (REFUSED, 1, True)]
)
def test_what_may_pass_by_itself_is_shown_when_it_lasts(error: BrokerError, times: int, want_shown: bool) -> None:
    sight = seen(None, observation(), 0.0)
    for number in range(times):
        sight = failed(sight, error, float(number))
    assert (sight.trouble is not None) == want_shown


def test_a_failover_during_an_outage_is_noticed() -> None:
    sight = seen(None, observation(), 0.0)
    sight = failed(sight, UNREACHABLE, 2.0)
    sight = seen(sight, observation(0, run_id="two"), 4.0)
    assert sight.doubt is not None
    assert seen(sight, observation(0, run_id="two"), 65.0).doubt is None


def polled(poll: int) -> Observation:
    """A job each poll for a minute, of which ten were done; none of them says when it came."""
    came, done = min(poll, 30), min(poll, 10)
    slow = 0.3 * (poll % 3)
    return Observation(START + 2 * poll + slow, exact(came - done), exact(0), enqueued=came, finished=done)


START = 1_800_000_000.0


def test_where_jobs_do_not_tell_when_they_came_it_follows_from_counts_and_stays() -> None:
    """Also when it is longer ago than readings are remembered."""
    sight, told = seen(None, polled(0), 0.0), set()
    for poll in range(1, 3600):
        sight = seen(sight, polled(poll), 2.0 * poll)
        if poll >= 30:
            told.add(sight.oldest.value)
    (moment,) = told
    assert moment == pytest.approx(START + 20, abs=3), "the eleventh"
    assert sight.oldest.method is Method.ESTIMATED
    assert sight.oldest_age == pytest.approx(7198 - 20, abs=3)
    empty = seen(sight, Observation(START + 7200, exact(0), exact(0)), 7200.0)
    assert (empty.oldest, empty.oldest_age) == (exact(None), 0.0)


def test_what_a_job_says_of_itself_is_believed() -> None:
    said = Observation(START, exact(3), exact(0), oldest_enqueued=exact(START - 90))
    sight = seen(seen(None, said, 0.0), said, 2.0)
    assert (sight.oldest, sight.oldest_age) == (exact(START - 90), 90.0)


def test_without_counts_it_is_unknown() -> None:
    sight = seen(seen(None, observation(), 0.0), observation(), 2.0)
    assert (sight.oldest.method, sight.oldest_age) == (Method.UNKNOWN, None)


FIRST = seen(None, observation(), 0.0)


@pytest.mark.parametrize(
    ("after", "want"),
    [
        (seen(FIRST, observation(), 2.0), False),
        (seen(FIRST, observation(4), 2.0), True),
        (failed(FIRST, UNREACHABLE, 2.0), True),
        (seen(FIRST, observation(run_id="two"), 2.0), True),
    ],
    ids=["the same numbers", "other numbers", "a failure", "a failover"],
)
def test_pools_are_woken_by(after: Sight, want: bool) -> None:
    assert moved(FIRST, after) == want


def test_pools_are_not_woken_by_a_failure_that_lasts() -> None:
    once = failed(FIRST, UNREACHABLE, 2.0)
    assert not moved(once, failed(once, UNREACHABLE, 4.0))
