"""Everything a phase may take from outside. Phases keep nothing of their own between passes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from kube.client import Client
from policies import MemorySnapshot
from reconciler.budgets import Budgets
from reconciler.compliance import Compliance
from reconciler.events import Events
from reconciler.keys import Key
from reconciler.memory import PoolMemory, QueueMemory
from reconciler.metrics import Metrics
from reconciler.observations import Observations
from reconciler.plans.glass import Known
from reconciler.plans.history import History
from reconciler.polls import Polls
from reconciler.settings import Settings
from reconciler.store import Stored
from reconciler.turns import Turns
from reconciler.world import World


@dataclass(slots=True)
class Context:
    """One for the whole process. `client` refuses writes while this process does not hold the Lease."""

    client: Client
    world: World
    observations: Observations[Any]
    settings: Settings
    metrics: Metrics
    events: Events
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    rng: Random
    wake: Callable[[Key], None]
    """Have another object looked at as soon as possible."""
    wake_after: Callable[[Key, float], None] = lambda key, seconds: None
    """The same in so many seconds, or earlier."""
    fast_at: Callable[[Key], float] = lambda key: float("-inf")
    """When to come again to have the fast fields of an object's status written, by the steady clock; what is not later
    than now is its turn.
    """
    turns: Turns[Hashable] = field(default_factory=Turns)
    """The line for all writes that may wait."""
    brokers: Any = None
    """The connections to brokers; whoever wires the phases that use them puts them here."""
    polls: Polls = field(default_factory=Polls)
    """Which queues are read together, and when."""
    admin: Any = None
    """The way to workers over HTTP; put here together with `brokers`."""
    histories: dict[str, History] = field(default_factory=dict)
    """What the decisions about each pool, by uid, leave for the next one. Forgetting it only delays shrinking."""
    queues: dict[Key, QueueMemory] = field(default_factory=dict)
    """What each Queue asks for. Forgetting it costs a millisecond."""
    budgets: Budgets = field(default_factory=Budgets)
    """What pools that share a budget have asked for. Forgetting it only delays growth."""
    glass: dict[Key, Known] = field(default_factory=dict)
    """What was done about the break-glass of each object. Forgetting it costs an Event more, or one write."""
    endings: dict[Key, dict[str, str]] = field(default_factory=dict)
    """How far each policy's exemptions, by name, are known to be. Forgetting it costs an Event more."""
    compliance: Compliance = field(default_factory=Compliance)
    """What the policies say of each stored object. Forgetting it costs one judgement more."""
    resizes: bool | None = None
    """Whether the cluster resizes running pods; None until it was asked."""
    ending: set[str] = field(default_factory=set)
    """Namespaces that are being deleted: nothing in them gets a finalizer any more."""
    pools: dict[str, PoolMemory] = field(default_factory=dict)
    """What the phases of each pool, by uid, remember. Forgetting it costs one more look."""

    @property
    def store(self) -> Stored:
        """What is known of the cluster. The answers to writes go through `world`."""
        return self.world.store

    @property
    def snapshot(self) -> MemorySnapshot:
        """The same world as `store`, as the policy engine sees it."""
        return self.world.snapshot

    @property
    def namespace(self) -> str:
        """That of the install."""
        return self.settings.namespace or self.client.connection.namespace
