"""A pool whose size follows the sightings of its queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reconciler import metrics
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.sight import Sight, seen
from reconciler.observations import QueueName
from reconciler.phases.pool.scale import scale, scaling_status
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans.decision import BoundBy
from tests.reconciler.builders import pool, queue
from tests.reconciler.phases.worlds import START, World, with_status


class ScaledPool(World):
    """One pool over the queue orders, passed over again and again. `time`, the wall clock, stands still."""

    time = START

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.obj = pool("packers", "orders")
        self.obj["spec"] |= {"concurrency": 4, **spec}
        self.ctx.world.store.put(queue("orders"))

    def sees(self, waiting: int, running: int = 0, name: str = "orders") -> None:
        observation = Observation(START.timestamp() + self.now, exact(waiting), exact(running), exact(0), exact(0))
        self.sighted(seen(None, observation, self.now), name)

    def sighted(self, sight: Sight, name: str = "orders") -> None:
        self.ctx.observations.record(QueueName("shop", name), sight, wake=False)

    async def one_pass(self, seconds: float = 2.0) -> ScalingState:
        self.now += seconds
        state = ScalingState(obj=self.obj, now=self.time)
        await scale(state, self.ctx)
        self.obj = with_status(self.obj, scaling_status(state), state.conditions)
        return state

    def passes(self, seconds: float) -> None:
        """Time, by both clocks."""
        self.now += seconds
        self.time += timedelta(seconds=seconds)

    def staged(self) -> list[float | None]:
        """What the metrics say of the number on its way."""
        stages = ("asked", "damped", "wanted")
        return [self.ctx.metrics.value(metrics.POOL_REPLICAS, "shop", "packers", stage) for stage in stages]

    def bounds(self) -> list[BoundBy]:
        """What the metrics say has set the number."""
        return [bound for bound in BoundBy if self.ctx.metrics.value(metrics.POOL_BOUND, "shop", "packers", bound)]

    async def decided(self, seconds: float = 2.0) -> tuple[int, BoundBy, bool]:
        decision = (await self.one_pass(seconds)).decision
        assert decision is not None
        return decision.to, decision.bound_by, decision.may_shrink
