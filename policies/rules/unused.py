"""What a WorkerPool or a policy says and nothing comes of, because of something else that it says, or its queues do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies import effective, layouts
from policies.decision import Action
from policies.fields import items, listing, mapping, strings, text
from policies.nearest import nearest
from policies.rules.rule import POLICIES, POOLS, BuiltInRule
from policies.snapshot import QueueView
from policies.subject import Subject

DRAIN: Final = effective.part(effective.POOL, ("drain",))
OF_QUEUES: Final = ("weight", "priorities")
"""What a pool says of a queue for its workers to follow."""


def scaling(subject: Subject) -> Iterable[Finding]:
    own = mapping(subject.spec, "scaling")
    asked = "jobsPerReplica" in own or "catchUpTime" in own or "onLatencyBreach" in mapping(subject.spec, "rollout")
    return _scaling(subject) if own and asked else ()


def _scaling(subject: Subject) -> Iterator[Finding]:
    own, queues = mapping(subject.spec, "scaling"), listing(subject.spec, "queues")
    targets = ["wait" in own or (isinstance(queue, dict) and "waitTarget" in queue) for queue in queues]
    if text(subject.spec, "rollout", "onLatencyBreach") == "Pause" and not any(targets):
        message = "onLatencyBreach Pause has no effect without a wait target: set scaling.wait.target too"
        yield Finding("spec.rollout.onLatencyBreach", Reason.INVALID, message)
    if "jobsPerReplica" in own and targets and all(targets):
        message = "jobsPerReplica has no effect: replicas follow from the wait targets"
        yield Finding("spec.scaling.jobsPerReplica", Reason.INVALID, message)
    if "catchUpTime" in own and not any(targets):
        message = "catchUpTime has no effect without a wait target: set scaling.wait.target too"
        yield Finding("spec.scaling.catchUpTime", Reason.INVALID, message)


def waiting_for_nobody(subject: Subject) -> Iterator[Finding]:
    """Who is ended by SIGTERM and says nothing else cannot be waited for, which is what Wait promises."""
    drain = mapping(subject.spec, "drain")
    if text(drain, "onTimeout") != "Wait":
        return
    if (text(drain, "method") or subject.effective_in(DRAIN).get("drain.method")) == "Signal":
        message = "onTimeout Wait has no effect with method Signal: what outlives drain.timeout is cut off"
        yield Finding("spec.drain.onTimeout", Reason.INVALID, message)


def of_queues(subject: Subject) -> Iterable[Finding]:
    for queue in listing(subject.spec, "queues"):
        if isinstance(queue, dict) and not queue.keys().isdisjoint(OF_QUEUES):
            return _of_queues(subject)
    return ()


def _of_queues(subject: Subject) -> Iterator[Finding]:
    known = {queue.name: queue for queue in subject.queues}
    for path, reference in items(subject.spec, "queues"):
        queue = known.get(text(reference, "name"))
        if queue is None:
            continue
        layout = text(queue.spec, "layout")
        if layout and layout not in layouts.OWN:
            for field in OF_QUEUES:
                if field in reference:
                    message = f"workers of layout {layout} do not read it, but have settings of their own"
                    yield Finding(f"spec.{path}.{field}", Reason.INVALID, message)
        elif layout:
            yield from _priorities(f"spec.{path}.priorities", strings(reference, "priorities"), queue)


def _priorities(field: str, wanted: Iterable[str], queue: QueueView) -> Iterator[Finding]:
    """Workers would look at a place into which nobody puts jobs, and pass by those where they are."""
    there = strings(queue.spec, "priorities")
    for index, priority in enumerate(wanted):
        if priority not in there:
            likely = nearest(priority, there)
            hint = f'; did you mean "{likely}"?' if likely else ", so nothing comes of it"
            message = f'queue {queue.name} has no priority "{priority}"{hint}'
            yield Finding(f"{field}[{index}]", Reason.INVALID, message)


def managers(subject: Subject) -> Iterator[Finding]:
    drift = mapping(subject.spec, "drift")
    if text(drift, "gitOps") == "Ignore" and "gitOpsManagers" in drift:
        message = "gitOpsManagers has no effect: gitOps is Ignore"
        yield Finding("spec.drift.gitOpsManagers", Reason.INVALID, message)


RULES: Final = (
    BuiltInRule(
        id="scalingUnused",
        needs="scaling",
        kinds=POOLS,
        sentence="A pool says how many jobs call for a replica, or how long they may wait and what follows from that.",
        check=scaling,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="waitsForNobody",
        needs="drain",
        kinds=POOLS,
        sentence="With drain.method Signal nothing waits when drain.timeout is over.",
        check=waiting_for_nobody,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="queueSettings",
        needs="queues",
        kinds=POOLS,
        sentence="What a pool says of a queue's weight and priorities is something its workers read and the queue has.",
        check=of_queues,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="managersUnused",
        needs="drift",
        kinds=POLICIES,
        sentence="A policy that ignores the edits of GitOps fields names no managers of them.",
        check=managers,
        action=Action.WARN,
    ),
)
