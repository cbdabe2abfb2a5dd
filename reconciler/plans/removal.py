"""Taking pods away from one revision without ever taking a busy one: one pass, as a pure function of what is there.

A pod goes Serving -> Requested -> Drained -> Marked -> owed -> gone, and all of it stands on the pod and on the
Deployment, so any pass can be the first one after a crash. Rules that keep it safe without remembering anything:

- A mark is made in the same conditions in which the child may shrink at once, and is never taken back while its
  container lives. Two reconcilers that overlap for a moment could otherwise release a pod the other one has counted.
- The child shrinks by the number of marks that hold, and only when its controllers are at rest and the ReplicaSet
  would choose exactly the marked pods: it takes unscheduled, pending and unready pods before it looks at the cost.
  The patch tests replicas against an old answer being sent twice, and resourceVersion against 5 -> 4 -> 5.
- Where more is owed than is marked, as after `kubectl scale` on the child, the places are given back.
- Where a marked pod is wanted again, it is deleted by name and the ReplicaSet starts another: nobody has to choose.
- A pod whose node is to be emptied, or that somebody else has asked to drain, is replaced by name too, unless the child
  shrinks anyway. So it need not wait for others to be ready: on a node under maintenance its successors can't be.
- Returning load withdraws requests before it starts pods.

What only a guard in the API server can close: a pod that turns unready, or a marked one that disappears, in the
milliseconds between the reading and the ReplicaSet's choice, and deletes by others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.plans.actions import Action, Cancel, DeleteMarked, Hasten, Mark, Request, Scale, Unmark
from reconciler.plans.child import SAFE, Child, DrainReason, Force, Pod
from reconciler.workers import Activity

STARTING_SECONDS: Final = 5.0
"""The kubelet reports a started container within about two seconds. One that is still not reported so long after the
request was made has either not started, or read the request before anything else."""


KILL_SECONDS: Final = 1.0
"""What a worker that is killed with its jobs is given to say goodbye."""


class Wait(StrEnum):
    """What a pass waits for."""

    NOTHING = ""
    SETTLING = "its controllers"
    WORKERS = "workers to finish"
    UNREADY = "a pod that is not ready and would be taken first"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order; after a failed action the rest must not be done."""

    actions: tuple[Action, ...] = ()
    wait: Wait = Wait.NOTHING


def plan(child: Child) -> Plan:
    """The next steps for one child. Apply them, read everything anew, and ask again."""
    if hurried := hasten(child):
        return Plan(hurried, Wait.SETTLING)
    if child.owed > 0:
        return _collect(child)
    if child.owed < 0 and child.failing and child.replicas > child.keep:
        # The pods that cannot be created need not be removed either.
        return Plan((Scale(child.replicas, max(child.keep, len(child.active))),), Wait.SETTLING)
    if any(pod.marked for pod in child.active):
        return _remove_marked(child)
    return _prepare(child)


def hasten(child: Child) -> tuple[Hasten, ...]:
    """Where a worker whose time is over is killed with its jobs, it gets no longer to say goodbye."""
    late = [pod for pod in child.pods if pod.terminating and pod.forced and pod.grace > KILL_SECONDS]
    return tuple(Hasten(pod) for pod in late) if child.kills else ()


def _collect(child: Child) -> Plan:
    """The child has been shrunk and the ReplicaSet owes the removal."""
    marked = [pod for pod in child.active if pod.marked]
    unproved = child.owed - len(marked)
    after = max(child.keep, child.replicas + max(0, unproved))
    if after > child.replicas:
        return Plan((Scale(child.replicas, after),), Wait.SETTLING)
    if not child.observed:
        return Plan(wait=Wait.SETTLING)
    return Plan(tuple(DeleteMarked(pod, owed=True) for pod in by_progress(marked)[: child.owed]), Wait.SETTLING)


def _remove_marked(child: Child) -> Plan:
    marked = [pod for pod in child.active if pod.marked]
    shrink = min(len(marked), child.replicas - child.keep)
    if shrink <= 0:
        return Plan(tuple(DeleteMarked(pod) for pod in marked), Wait.SETTLING)
    if not child.settled:
        return Plan(wait=Wait.SETTLING)
    if not _taken_first(child, marked):
        called = [pod for pod in marked if pod.called]
        return Plan(tuple(DeleteMarked(pod) for pod in called), Wait.UNREADY)
    return Plan((Scale(child.replicas, child.replicas - shrink),), Wait.SETTLING)


def _prepare(child: Child) -> Plan:
    """Nothing is marked: withdraw what is no longer needed, ask whom it takes, mark who has proved itself."""
    surplus = child.replicas - child.keep
    ordered = by_progress(child.active)
    victims = [pod for place, pod in enumerate(ordered) if place < surplus or pod.called]
    cancels = [Cancel(pod) for pod in child.active if pod.request is not None and pod not in victims]
    if surplus < 0:
        return Plan((*cancels, Scale(child.replicas, child.keep)), Wait.SETTLING)
    unmarks = [Unmark(pod) for pod in victims if pod.mark_broken]
    if cancels or unmarks:
        return Plan((*cancels, *unmarks))
    if not child.settled:
        return Plan(wait=Wait.SETTLING)
    return _advance(child, victims)


def _advance(child: Child, victims: Sequence[Pod]) -> Plan:
    ready = [mark for pod in victims if (mark := mark_of(child, pod)) is not None]
    first = _taken_first(child, [mark.pod for mark in ready])
    marks = [mark for mark in ready if first or mark.pod.called]
    asked = {mark.pod.uid for mark in marks}
    requests = [Request(pod, why(child, pod)) for pod in victims if pod.request is None and pod.uid not in asked]
    if marks or requests:
        return Plan((*requests, *marks), Wait.WORKERS)
    if ready:
        return Plan(wait=Wait.UNREADY)
    return Plan(wait=Wait.WORKERS if victims else Wait.NOTHING)


def mark_of(child: Child, pod: Pod) -> Mark | None:
    """The mark a victim has earned, if any."""
    if not pod.scheduled:
        # Being scheduled changes the pod, so the mark cannot come late; and the worker would start asked.
        return Mark(pod, child.reason if pod.request is None else None)
    if child.warm and not _cut_short(child, pod):
        return Mark(pod, why(child, pod) if pod.request is None else None, warm=True)
    if pod.request is None:
        return None
    if not pod.runs and child.now - pod.request.since >= STARTING_SECONDS:
        return Mark(pod)
    if pod.runs and pod.worker.activity is Activity.DRAINED:
        return Mark(pod)
    return Mark(pod, forced=True) if child.overdue(pod) and _may_force(child, pod) else None


def why(child: Child, pod: Pod) -> DrainReason:
    """What its request says."""
    return DrainReason.NODE if pod.evacuated else child.reason


def _cut_short(child: Child, pod: Pod) -> bool:
    """Whether SIGTERM would leave it less time than it is to have, though it can prove itself instead: it was made when
    its pool's workers told of themselves.
    """
    return pod.runs and pod.patience < int(child.timeout) and pod.worker.activity is not Activity.UNKNOWN


def _may_force(child: Child, pod: Pod) -> bool:
    return child.force is Force.EVERYBODY or (child.force is Force.SILENT and pod.silent)


def _taken_first(child: Child, chosen: Sequence[Pod]) -> bool:
    """Whether a ReplicaSet takes the chosen pods before any other, also if it decides only seconds from now.

    So it is not enough that they rank lowest now, as two pods do that have just been created: all others must be
    where they cannot be overtaken. A guard protects whatever runs, but not what has started and is not yet reported.
    """
    others = [pod for pod in child.active if pod not in chosen]
    return all(pod.runs and (child.guarded or pod.rank == SAFE) for pod in others)


def by_progress(pods: Sequence[Pod]) -> list[Pod]:
    """Victims first, so that the same ones are chosen again: who is nearest to leaving, then who costs least.

    Of those that cost the same, who is on the node with the fewest workers: so nodes become empty.
    """
    return sorted(pods, key=_progress)


def _progress(pod: Pod) -> tuple[bool, bool, bool, bool, bool, bool, bool, int, int, float, float, str]:
    jobs = pod.worker.jobs
    return (
        not pod.marked,
        pod.request is None,
        not pod.evacuated,
        pod.spared,
        pod.worker.activity is not Activity.DRAINED,
        pod.scheduled and pod.runs,
        pod.ready,
        1_000_000 if jobs is None else jobs,
        pod.neighbours,
        pod.request.since if pod.request is not None else 0.0,
        -pod.created,
        pod.name,
    )
