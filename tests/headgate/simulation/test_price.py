from __future__ import annotations

from itertools import pairwise

import pytest

from headgate.simulation import price, work
from headgate.simulation.comparison import Candidate, compare
from headgate.simulation.laws import Headgate
from headgate.simulation.pools import PoolError
from headgate.simulation.settings import QueueSettings, Settings

POOL = Candidate(
    "emails", Settings(max_replicas=20, concurrency=4, queues=(QueueSettings(target=20.0),), startup=15.0), Headgate
)


def test_a_longer_target_never_costs_more() -> None:
    load = work.poisson(work.sine(0, 12, 900), work.exponential(2.0), 1800, seed=1)
    offered = price.candidates(POOL, [120.0, 20.0, 120.0], own=())
    results = dict(zip(offered, compare(list(offered.values()), load, seed=1), strict=True))
    assert list(results) == [20.0, 120.0]
    head, *rows = price.as_text(results)
    assert head.split() == ["TARGET", "P95", "KEPT", "POD-HOURS", "OF", "BEST"]
    assert [row.split()[0] for row in rows] == ["20s", "120s"]
    paid = [result.outcome.pod_seconds for result in results.values()]
    assert all(shorter >= longer for shorter, longer in pairwise(paid))


def test_queues_with_a_target_of_their_own_keep_it() -> None:
    queues = (QueueSettings("a", target=5.0), QueueSettings("b", target=20.0))
    pool = Candidate("emails", Settings(max_replicas=20, queues=queues), Headgate)
    (found,) = price.candidates(pool, [60.0], own={"a"}).values()
    assert [queue.target for queue in found.settings.queues] == [5.0, 60.0]
    with pytest.raises(PoolError, match="each of its queues has a waitTarget"):
        price.candidates(pool, [60.0], own={"a", "b"})
