"""Taking pods away from a StatefulSet without ever taking a busy one: one pass, as a pure function of what is there.

Its controller always takes the highest ordinals, whatever they do, and starts again whichever lower one is missing.
So nobody has to be chosen, no pod that stays has to be ready, and what is left to decide is when:

- The set shrinks by as many of its highest pods as bear a mark that holds, without a gap. A lower one that has finished
  earlier waits for those above it, and keeps no mark meanwhile: it may be wanted again.
- A pod that is not there is a gap: its controller may be starting it just now. Only where that fails is it passed over.
- A pod of another revision leaves by name, and the same ordinal comes back from the present template. A set has no room
  beside itself, so this costs one serving worker at a time, or as many as `replacing` says; one that is not ready
  anyway costs none.
- Where somebody else has made the set smaller, the places of unproved pods are given back.

A mark is made and kept as in `reconciler.plans.removal`, whose proofs these are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from reconciler.plans.actions import Cancel, DeleteMarked, Mark, Request, Scale, Unmark
from reconciler.plans.child import Child, DrainReason, Pod
from reconciler.plans.removal import Plan, Wait, by_progress, hasten, mark_of


def plan(child: Child) -> Plan:
    """The next steps for the set. Apply them, read everything anew, and ask again."""
    if hurried := hasten(child):
        return Plan(hurried, Wait.SETTLING)
    if beyond := [pod for pod in child.active if pod.ordinal >= child.replicas]:
        return _collect(child, beyond)
    if (after := _shrunk(child)) < child.replicas:
        return Plan((Scale(child.replicas, after),) if child.observed else (), Wait.SETTLING)
    if gone := [pod for pod in child.active if pod.marked and _stays(child, pod)]:
        return Plan(tuple(DeleteMarked(pod) for pod in gone), Wait.SETTLING)
    return _prepare(child)


def replaceable(child: Child, out: int, serving: Collection[str]) -> int:
    """How many of its outdated pods may be on their way out, if no more than `out` of its places may lack a worker.

    `serving` are the uids of those that serve; one that has been asked to leave is counted by who asks this.
    """
    places = min(child.keep, child.replicas)
    leaving = {pod.uid for pod in child.active if pod.outdated and pod.ready and pod.request is not None}
    filled = sum(pod.ordinal < places and (pod.uid in serving or pod.uid in leaving) for pod in child.active)
    return max(0, out - (places - filled))


def _collect(child: Child, beyond: Sequence[Pod]) -> Plan:
    """The set has been shrunk and its controller owes the removal."""
    unproved = [pod.ordinal + 1 for pod in beyond if not pod.marked]
    after = max(child.keep, child.replicas, *unproved)
    if after > child.replicas:
        return Plan((Scale(child.replicas, after),), Wait.SETTLING)
    if not child.observed:
        return Plan(wait=Wait.SETTLING)
    return Plan(tuple(DeleteMarked(pod, owed=True) for pod in beyond), Wait.SETTLING)


def _shrunk(child: Child) -> int:
    """How small the set may be made now."""
    active, lowest = {pod.ordinal: pod for pod in child.active}, child.replicas
    while lowest > child.keep:
        pod = active.get(lowest - 1)
        if not (child.failing if pod is None else pod.marked):
            break
        lowest -= 1
    return lowest


def _prepare(child: Child) -> Plan:
    """Withdraw what is no longer needed, ask whom it takes, mark who has proved itself."""
    victims = [pod for pod in child.active if pod.ordinal >= child.keep or pod.called]
    victims += [pod for pod in _replaced(child) if pod not in victims]
    cancels = [Cancel(pod) for pod in child.active if pod.request is not None and not pod.marked and pod not in victims]
    if child.keep > child.replicas:
        return Plan((*cancels, Scale(child.replicas, child.keep)), Wait.SETTLING)
    unmarks = [Unmark(pod) for pod in victims if pod.mark_broken]
    if cancels or unmarks:
        return Plan((*cancels, *unmarks))
    return _advance(child, victims)


def _replaced(child: Child) -> list[Pod]:
    """The pods of other revisions whose turn it is: the nearest to leaving first, so that the same are chosen again."""
    if child.replacing is None:
        return []
    outdated = by_progress([pod for pod in child.active if pod.outdated and pod.ordinal < child.keep])
    serving = [pod for pod in outdated if pod.ready]
    return [pod for pod in outdated if not pod.ready] + serving[: child.replacing]


def _advance(child: Child, victims: Sequence[Pod]) -> Plan:
    found = {mark.pod.uid: mark for mark in (*_marks_from_the_top(child), *_marks_anywhere(child, victims))}
    requests = [Request(pod, _reason(child, pod)) for pod in victims if pod.request is None and pod.uid not in found]
    marks = tuple(found.values())
    if marks or requests:
        return Plan((*requests, *marks), Wait.WORKERS)
    if victims:
        return Plan(wait=Wait.WORKERS)
    return Plan(wait=Wait.NOTHING if child.settled else Wait.SETTLING)


def _marks_from_the_top(child: Child) -> Iterator[Mark]:
    """Of those whose place goes: only as far as the set can then shrink at once."""
    active = {pod.ordinal: pod for pod in child.active}
    for ordinal in range(child.replicas - 1, child.keep - 1, -1):
        pod = active.get(ordinal)
        if pod is None and not child.failing:
            return
        if pod is None or pod.marked:
            continue
        mark = mark_of(child, pod)
        if mark is None:
            return
        yield mark


def _marks_anywhere(child: Child, victims: Sequence[Pod]) -> Iterator[Mark]:
    """Of those whose place stays: they are started again, so they need not wait for anybody."""
    for pod in victims:
        if not pod.marked and _stays(child, pod) and (mark := mark_of(child, pod)) is not None:
            yield mark if mark.reason is None else replace(mark, reason=_reason(child, pod))


def _stays(child: Child, pod: Pod) -> bool:
    """Whether it is to be started again: its place stays, or somebody wants its node and those above it are busy."""
    return pod.ordinal < child.keep or pod.called


def _reason(child: Child, pod: Pod) -> DrainReason:
    if pod.evacuated:
        return DrainReason.NODE
    return DrainReason.ROLLOUT if pod.ordinal < child.keep else child.reason
