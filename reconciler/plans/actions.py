"""What a removal may do, one API request each. Every one carries what it was decided on as preconditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.plans.child import DrainReason, Pod


@dataclass(frozen=True, slots=True)
class Request:
    """Ask a pod to drain. Preconditions: uid and resourceVersion."""

    pod: Pod
    reason: DrainReason


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraw the request: the worker goes on. Never for a mark that holds. Preconditions: uid, resourceVersion."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class Unmark:
    """Take back a mark that was made for another container; the request stays. Preconditions: uid, resourceVersion."""

    pod: Pod


@dataclass(frozen=True, slots=True)
class Mark:
    """Say that this container of this pod may go, and let the ReplicaSet prefer it.

    The resourceVersion is that of the read before the proof, so the container is still the proved one as far as the
    API server knows. `reason` is set where the pod has to be asked with the same patch; `forced` without proof, `warm`
    because none is to be had: such a worker ends its jobs after SIGTERM.
    """

    pod: Pod
    reason: DrainReason | None = None
    forced: bool = False
    warm: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Change the child's replicas from `before` to `after`. A shrink also tests the resourceVersion."""

    before: int
    after: int

    @property
    def shrinks(self) -> bool:
        return self.after < self.before


@dataclass(frozen=True, slots=True)
class DeleteMarked:
    """Delete a marked pod by name. Preconditions: uid and resourceVersion, so that the mark still holds.

    With `owed` its child was shrunk for it already; else the child starts another one in its place.
    """

    pod: Pod
    owed: bool = False


@dataclass(frozen=True, slots=True)
class Hasten:
    """Cut short the grace period of a pod that was given up. Precondition: uid."""

    pod: Pod


Action: TypeAlias = Request | Cancel | Unmark | Mark | Scale | DeleteMarked | Hasten
