"""What is remembered of an object between passes. Forgetting it costs one more look or one needless apply, no more."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crds.v1 import QueueSpec
from policies.effective import Effective
from policies.snapshot import PolicyView
from reconciler.children.config import WorkedQueue
from reconciler.children.ways import Way
from reconciler.plans.evacuation import Held, Prospect
from reconciler.plans.glass import Known
from reconciler.plans.startup import Startups
from reconciler.reasons import Reason
from reconciler.workers import Fences


@dataclass(slots=True)
class QueueMemory:
    """What one version of a Queue asks for under one set of policies: worked out once, and not at every reading.

    `parsed` is filled by who reads the queue.
    """

    uid: str
    generation: int
    policies: Sequence[PolicyView]
    effective: Effective
    parsed: QueueSpec | None = None


@dataclass(slots=True)
class Resolved:
    """What one version of a WorkerPool asks for: worked out once from what it is `about`, and not at every pass.

    Without a template a queue is missing. `content` is the configuration for its workers, `digest` one of all that is
    applied beside the Deployments, `queues` what a child is to say of its queues; whoever applies them fills all three.
    """

    about: tuple[object, ...]
    effective: Effective
    way: Way
    template: Mapping[str, Any] | None = None
    revision: str = ""
    content: Mapping[str, Any] | None = None
    digest: str = ""
    queues: str = ""


@dataclass(slots=True)
class PoolMemory:
    """`applied` is a digest of the configuration and budget that were applied last, `applied_at` when, by the steady
    clock. `queues` are the queues as they were last seen, by name.
    """

    fences: Fences = field(default_factory=Fences)
    resolved: Resolved | None = None
    applied: str = ""
    applied_at: float = float("-inf")
    generation: str = ""
    """Of the configuration that was applied last, as workers acknowledge it; empty while none was."""
    queues: dict[str, WorkedQueue] = field(default_factory=dict)
    decided_at: float = float("-inf")
    """When the last decision was made, by the steady clock."""
    told_at: float = float("-inf")
    """When the last decision was recorded that said something new, by the steady clock."""
    autoscaled: tuple[Mapping[str, int], float] | None = None
    """The numbers that somebody else's autoscaler has written, by uid, and since when they stand, by the steady clock;
    None before the first look."""
    autoscaler_found: bool = False
    """Whether somebody else's autoscaler targeted the pool's workload when one was sought last."""
    autoscaler_sought_at: float = float("-inf")
    """When that was, by the steady clock."""
    guarded: bool | None = None
    """Whether the API server refused the last delete that was tried; None before the first."""
    guard_asked_at: float = float("-inf")
    startups: Startups = field(default_factory=Startups)
    startup_seconds: float | None = None
    """How long its pods take to start, by the last decision: told, measured or assumed."""
    noticed: set[str] = field(default_factory=set)
    """Changes of children by others that were told, each once."""
    shared: set[str] = field(default_factory=set)
    """Those that turned out to set what is wanted anyway."""
    measured: Hashable = None
    """What the metrics tell of, as a digest."""
    former_done: tuple[float, str] | None = None
    """When, by the steady clock, a Deployment that is taken over was last seen to have nothing left, and in words."""
    unresizable: set[str] = field(default_factory=set)
    """Pods, by uid, and sizes that the API server has refused for them."""
    absent: tuple[frozenset[int], float] = (frozenset(), 0.0)
    """The places of a StatefulSet that have no pod, and since when the same ones have none, by the steady clock."""
    held: Held = field(default_factory=Held)
    room: tuple[float, Prospect] = (float("-inf"), Prospect.UNDECIDED)
    """What autoscalers last said of nodes for their successors, and when they were asked, by the steady clock."""
    overdue: set[str] = field(default_factory=set)
    """The pods, by uid, whose drain is known to be over its time: each is told once."""
    silent: dict[str, float] = field(default_factory=dict)
    """The pods, by uid, of whose workers no broker has had a word since this moment of the steady clock."""
    glass: dict[str, Known] = field(default_factory=dict)
    """What was done about the break-glass of each pod that has or had any, by uid."""
    called: set[str] = field(default_factory=set)
    """The pods, by uid, that others have asked to drain: each is told once."""
    hindered: set[tuple[str, Reason]] = field(default_factory=set)
    """What was told to hinder the rollout of which revision: each once."""
    deaf: dict[str, float] = field(default_factory=dict)
    """The pods, by uid, that did not answer over HTTP, and until when they are not asked again, by the steady clock."""
