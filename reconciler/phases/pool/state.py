"""What the phases of a WorkerPool find out during one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crds import duration, meta
from reconciler.children.config import WorkedQueue
from reconciler.children.names import Owner
from reconciler.children.ways import Way
from reconciler.children.workload import is_stateful
from reconciler.context import Context
from reconciler.memory import Resolved
from reconciler.phases import Object
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.phases.pool.view import View
from reconciler.plans.evacuation import AT_ONCE, Evacuation
from reconciler.plans.facts import DEFAULT_STARTUP_SECONDS
from reconciler.plans.removal import Wait
from reconciler.reasons import Reason


@dataclass(kw_only=True)
class PoolState(ScalingState):
    """`way` is how its workers show that they are idle. `worked` are the queues that exist, in the pool's order.
    `waits` says of each child what its removal waits for. `proved` are the revisions that have shown that they work,
    None while this pass has not looked. `guarded` says that the API server refused a delete in this pass. `spoken` are
    the addresses of workers, by their pods' uids, that answered over HTTP. `leader` is the revision that is to serve in
    the end. `failure` is why the spec's one has failed, `cramped` why its pods find no room, each empty where it is not
    so; `rolled_back` that it gave way. `late` says that a rollout has to wait until the jobs wait less. `replacing` is
    how many serving workers of another revision a StatefulSet may do without, and `stuck` that its controller cannot
    start what it should.
    `sizes_of` is the revision whose sizes the present one is to have, where only these are between the two.
    `taken` says that a Deployment that is taken over has workers, and `untouchable` that none of them may be removed.
    With `unlabelled` the guard does not know all of them yet. `unread` are the queues that could not be read, and why.
    `silent` are the pods, by uid, of whose workers no broker has had a word for as long as a drain may take.
    With `skewed` our clock is not the API server's.
    `leaving_nodes` are to be emptied, with whether in a hurry, and `evacuation` says who stays there for now. `crowds`
    says how many workers each node has that one of the pool's runs on.
    """

    way: Way = Way.CONTRACT
    worked: list[WorkedQueue] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    resolved: Resolved | None = None
    template: Mapping[str, Any] | None = None
    generation_of_config: str = ""
    view: View = field(default_factory=View)
    targets: dict[str, int] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    proved: set[str] | None = None
    guarded: bool = False
    spoken: dict[str, str] = field(default_factory=dict)
    leader: str = ""
    failure: str = ""
    rolled_back: bool = False
    cramped: str = ""
    late: bool = False
    replacing: int | None = None
    stuck: bool = False
    sizes_of: str = ""
    taken: bool = False
    untouchable: bool = False
    unlabelled: bool = False
    unread: dict[str, Reason] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    skewed: bool = False
    leaving_nodes: Mapping[str, bool] = field(default_factory=dict)
    evacuation: Evacuation = AT_ONCE
    crowds: dict[str, int] = field(default_factory=dict)

    @property
    def taken_name(self) -> str:
        """The Deployment that is to be taken over; empty where there is none."""
        return str((self.spec.get("takeOver") or {}).get("deploymentName", ""))

    @property
    def stateful(self) -> bool:
        return is_stateful(self.spec)

    @property
    def child(self) -> Mapping[str, Any] | None:
        """What runs the revision that the spec asks for, or is to."""
        return next(iter(self.view.children), None) if self.stateful else self.view.child(self.revision)

    @property
    def rollout_paused(self) -> bool:
        """Whether somebody has stopped the rollout."""
        annotations = self.obj["metadata"].get("annotations") or {}
        return annotations.get(meta.ANNOTATION_ROLLOUT) == "paused"

    @property
    def halted(self) -> bool:
        """Whether no old worker is asked to leave for a new one. Going back to them is not held up."""
        return (self.late or self.rollout_paused) and not self.rolled_back

    @property
    def owner(self) -> Owner:
        return Owner.of(self.obj)

    @property
    def guard(self) -> str:
        """`drain.guard` as it is in force."""
        return str(self.effective.get("drain.guard")) if self.effective else "Deletes"

    @property
    def warm(self) -> bool:
        """Whether its workers tell that they are idle by nothing but ending."""
        return self.way is Way.WARM_STOP

    @property
    def paused(self) -> bool:
        """Nothing is to be changed, because the user says so."""
        return bool(self.spec.get("paused"))

    @property
    def frozen(self) -> bool:
        """Nothing is to be made or changed: it is paused, or a queue is missing and nothing can be rendered.

        Where only a queue is missing workers may leave all the same, for nobody has to be rendered for that.
        """
        return self.paused or (not self.deleting and bool(self.missing))

    @property
    def proved_before(self) -> set[str]:
        """What has been proved stays so: a broker that is away for a moment must not turn a rollout around."""
        return {one["name"] for one in self.status.get("revisions") or () if one.get("proved")}

    @property
    def startup(self) -> float:
        """How long a worker takes to start, in seconds."""
        told = self.effective.get("scaling.startupTime") if self.effective else None
        return DEFAULT_STARTUP_SECONDS if told is None else duration.seconds(told)

    @property
    def on_timeout(self) -> str:
        """`drain.onTimeout` as it is in force."""
        return str(self.effective.get("drain.onTimeout")) if self.effective else "Wait"

    @property
    def drain_timeout(self) -> float:
        return duration.seconds(self.effective.get("drain.timeout")) if self.effective else 600.0


def begin(obj: Object, ctx: Context) -> PoolState:
    return PoolState(obj=obj, now=ctx.clock())
