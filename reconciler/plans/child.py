"""One child of a pool as a removal is planned from it: its own numbers and its pods, all read anew.

A child is the Deployment of one revision, or the StatefulSet of all.

Times are seconds since the epoch by the reconciler's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from reconciler.workers import UNKNOWN, Activity, WorkerState

Rank = tuple[bool, int, bool]

PENDING, LOST, RUNNING = range(3)
"""Pod phases in the order in which a ReplicaSet takes pods away: Pending, Unknown, Running."""

SAFE: Final[Rank] = (True, RUNNING, True)
"""The rank at which only the deletion cost decides."""


class DrainReason(StrEnum):
    """Why a pod is asked to drain, as its annotation and `status.draining` say."""

    SCALE_DOWN = "ScaleDown"
    PREEMPTED = "Preempted"
    ROLLOUT = "Rollout"
    DELETE = "Delete"
    NODE = "NodeMaintenance"


OUR_REASONS: Final = frozenset(DrainReason)


class Force(StrEnum):
    """Which pods may be removed without a proof once drain.timeout is over."""

    NOBODY = "Nobody"
    """A pod leaves when it has proved itself idle, however long that takes."""
    SILENT = "Silent"
    """Those of whose worker no broker has had a word for all of that time; one that may be busy may finish."""
    EVERYBODY = "Everybody"


@dataclass(frozen=True, slots=True)
class Request:
    """The drain request that stands on a pod."""

    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Pod:
    """`container` is the id of the worker's container as last reported, empty before its first start; `runs` is
    whether it may be running. `bound` is the container a mark was made for, None without a mark; `forced` marks were
    made without a proof. One that is `spared` is chosen after all others. Of a `silent` one every broker was read for
    as long as a drain may take, and none has a word of it. `evacuated` says that its node is to be emptied, `held` that
    it stays there until others serve in its place, and `neighbours` how many workers run there, itself among them.
    `refused` says that the scheduler has found no node for it.
    `grace` is the grace period, in seconds, of a pod that is terminating, and `patience` the one it was born with.
    `ordinal` is its place in a StatefulSet, and `outdated` that another revision than the present one runs there.
    """

    name: str
    uid: str
    version: str
    created: float = 0.0
    node: str = ""
    container: str = ""
    runs: bool = True
    scheduled: bool = True
    refused: bool = False
    phase: int = RUNNING
    ready: bool = True
    request: Request | None = None
    bound: str | None = None
    forced: bool = False
    terminating: bool = False
    finished: bool = False
    grace: float = 0.0
    patience: float = 0.0
    spared: bool = False
    silent: bool = False
    evacuated: bool = False
    held: bool = False
    neighbours: int = 0
    ordinal: int = 0
    outdated: bool = False
    worker: WorkerState = UNKNOWN

    @property
    def active(self) -> bool:
        """Whether a ReplicaSet counts it."""
        return not (self.terminating or self.finished)

    @property
    def marked(self) -> bool:
        """Whether its mark still holds. A restarted container is another one and has proved nothing; a pod whose
        request is gone has been released.
        """
        return self.bound is not None and self.bound == self.container and self.request is not None

    @property
    def mark_broken(self) -> bool:
        return self.bound is not None and not self.marked

    @property
    def called(self) -> bool:
        """Whether it is to be replaced: its node is to be emptied, or somebody else has asked it to drain."""
        leaves = self.evacuated and not self.held
        return leaves or (self.request is not None and self.request.reason not in OUR_REASONS)

    @property
    def idle(self) -> bool:
        return self.worker.activity in (Activity.IDLE, Activity.DRAINED)

    @property
    def rank(self) -> Rank:
        """A ReplicaSet takes pods of lower rank first and looks at the deletion cost only among equals."""
        return (self.scheduled, self.phase, self.ready)


@dataclass(frozen=True, slots=True)
class Child:
    """`replicas` is the child's own number, `keep` how many pods shall go on serving.

    `failing` says that its controller cannot create pods. With `guarded` the API server itself refuses to delete what
    is not marked. `kills` gives a worker whose time is over no more to end its jobs.
    `warm` workers say nothing of themselves and end their jobs after SIGTERM.
    With `ordered` it is a StatefulSet, of whose serving outdated pods `replacing` may leave at a time, with None none.
    """

    name: str
    uid: str
    version: str
    replicas: int
    keep: int
    now: float
    generation: int = 1
    observed_generation: int = 1
    pods: Sequence[Pod] = field(default_factory=tuple)
    reason: DrainReason = DrainReason.SCALE_DOWN
    timeout: float = 600.0
    force: Force = Force.NOBODY
    failing: bool = False
    guarded: bool = False
    kills: bool = False
    warm: bool = False
    ordered: bool = False
    replacing: int | None = None

    @property
    def active(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.active]

    @property
    def owed(self) -> int:
        """How many pods the ReplicaSet has yet to take away, or, below zero, to create."""
        return len(self.active) - self.replicas

    @property
    def observed(self) -> bool:
        return self.observed_generation >= self.generation

    @property
    def settled(self) -> bool:
        """Whether the controllers have done all they were told, so that nothing of theirs is still under way."""
        return self.observed and self.owed == 0

    def overdue(self, pod: Pod) -> bool:
        return pod.request is not None and self.now - pod.request.since >= self.timeout
