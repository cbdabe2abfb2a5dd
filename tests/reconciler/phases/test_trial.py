"""Whether there are jobs that a new worker could have taken: what its trial is judged by."""

from __future__ import annotations

import pytest

from policies import effective
from reconciler.brokers.observation import Method, Observation, Signal
from reconciler.brokers.sight import Sight
from reconciler.children.config import WorkedQueue
from reconciler.observations import QueueName
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.trial import jobs_wait
from tests.reconciler.builders import pool, queue
from tests.reconciler.phases.worlds import START, World

CASES = [
    pytest.param(3, False, True, id="jobs wait"),
    pytest.param(0, False, False, id="none waits"),
    pytest.param(None, False, True, id="nobody knows"),
    pytest.param(3, True, False, id="what is paused is there for nobody to take"),
]


@pytest.mark.parametrize(("waiting", "paused", "want"), CASES)
def test_jobs_wait(waiting: int | None, paused: bool, want: bool) -> None:
    world, orders = World(), queue("orders")
    orders["spec"]["paused"] = paused
    if waiting is not None:
        seen = Observation(time=1.0, waiting=Signal(waiting, Method.EXACT))
        world.ctx.observations.record(QueueName("shop", "orders"), Sight(observation=seen), wake=False)
    worked = WorkedQueue(orders, effective.queue(orders["spec"]), {"name": "orders"})
    state = PoolState(obj=pool("w", "orders"), now=START, worked=[worked])
    assert jobs_wait(state, world.ctx) is want
