"""A context for phases that need no API server: its clocks stand still unless moved, its Events are kept as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import reconciler.world
from kube.client import Client
from reconciler.conditions import Conditions
from reconciler.context import Context
from reconciler.events import Events
from reconciler.metrics import Metrics
from reconciler.observations import Observations, QueueName
from reconciler.settings import Settings
from reconciler.workqueue import WorkQueue

START = datetime(2027, 1, 15, 8, tzinfo=UTC)


@dataclass
class World:
    """`now` is the steady clock, in seconds; `events` and `woken` are in the order in which they came."""

    brokers: Any = None
    now: float = 0.0
    events: list[str] = field(default_factory=list)
    woken: list[QueueName] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ctx = Context(
            client=cast("Client", None),
            world=reconciler.world.World(WorkQueue()),
            observations=Observations(lambda: self.now, self.woken.append),
            settings=Settings(poll=2.0),
            metrics=Metrics(),
            events=Events(cast("Any", self)),
            clock=lambda: START,
            monotonic=lambda: self.now,
            rng=Random(1),
            wake=lambda key: None,
            brokers=self.brokers,
        )

    def record(self, obj: Mapping[str, Any], kind: str, reason: str, message: str) -> None:
        """In place of the recorder that posts Events."""
        self.events.append(f"{kind} {reason}: {message}")


def with_status(obj: dict[str, Any], status: Mapping[str, Any], conditions: Conditions) -> dict[str, Any]:
    """The object as it is stored after a pass."""
    said = [
        {"type": said.type, "status": said.status, "reason": str(said.reason), "message": said.message}
        for said in conditions.said().values()
    ]
    known = {name: value for name, value in status.items() if value is not None}
    return {**obj, "status": {**known, "conditions": said}}


def conditions_of(obj: Mapping[str, Any]) -> list[str]:
    held = obj["status"]["conditions"]
    return [f"{one['type']}={one['status']} {one['reason']}: {one['message']}" for one in held]
