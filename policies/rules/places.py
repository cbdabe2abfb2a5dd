"""What several Queues say about the same jobs at the same broker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies import bounds
from policies.decision import Action
from policies.fields import integer, mapping, text
from policies.rules.rule import QUEUES, BuiltInRule
from policies.snapshot import QueueView
from policies.subject import Subject

MAX_CHAIN: Final = 32
"""Dead-letter queues that are followed one after the other; longer chains are not looked at to their end."""


def same_queue(subject: Subject) -> Iterator[Finding]:
    """Two Queues of a namespace for the same jobs would each set a rate, retries and a demand of their own."""
    others = [view.name for view in _others(subject) if view.namespace == subject.namespace]
    if others:
        message = f"Queue {min(others)} is these jobs already; each would count and limit them by itself"
        yield Finding(_named_at(subject), Reason.DUPLICATE, message, _name(subject))


def same_queue_elsewhere(subject: Subject) -> Iterator[Finding]:
    """Another namespace may be another install, or a move under way; its queue's name is not ours to tell."""
    if any(view.namespace != subject.namespace for view in _others(subject)):
        message = "a Queue of another namespace is these jobs too: each counts and limits them by itself"
        yield Finding(_named_at(subject), Reason.DUPLICATE, message)


def dead_letter_cycle(subject: Subject) -> Iterator[Finding]:
    """Dead letters that come back to where they died are tried for ever. A pool may work a dead-letter queue off."""
    dead = text(subject.spec, "deadLetter", "queueName")
    if not dead:
        return
    own, chain = subject.place, [_name(subject)]
    at = subject.places.of(dead)
    while at and at != own and len(chain) < MAX_CHAIN:
        following = [view for view in subject.snapshot.queues_at(at) if view.dead_letters]
        if not following:
            return
        chain.append(following[0].queue_name)
        at = following[0].dead_letters
    if at == own and len(chain) > 1:
        message = f"dead letters would go round for ever: {' -> '.join([*chain, chain[0]])}"
        yield Finding("spec.deadLetter.queueName", Reason.INVALID, message, dead)


def burst(subject: Subject) -> Iterator[Finding]:
    limit = mapping(subject.spec, "rateLimit")
    jobs, most = integer(limit, "jobs"), integer(limit, "burst")
    if jobs is not None and most is not None and most < jobs:
        message = f"burst {most} < jobs {jobs}: workers that look rarely may stay below {jobs} per {text(limit, 'per')}"
        yield Finding("spec.rateLimit.burst", Reason.INVALID, message)


def retention(subject: Subject) -> Iterator[Finding]:
    if bounds.seconds(mapping(subject.spec, "retention").get("failed")) == 0:
        message = "failed 0s removes dead letters at once: nobody can look at them or bring them back"
        yield Finding("spec.retention.failed", Reason.INVALID, message)


def _others(subject: Subject) -> Iterator[QueueView]:
    own = (subject.namespace, subject.name)
    return (view for view in subject.snapshot.queues_at(subject.place) if (view.namespace, view.name) != own)


def _name(subject: Subject) -> str:
    return text(subject.spec, "queueName") or subject.name


def _named_at(subject: Subject) -> str:
    return "spec.queueName" if "queueName" in subject.spec else "metadata.name"


RULES: Final = (
    BuiltInRule(
        id="duplicateQueue",
        kinds=QUEUES,
        sentence="No two Queues of a namespace are the same jobs at the same broker.",
        check=same_queue,
    ),
    BuiltInRule(
        id="duplicateQueueElsewhere",
        kinds=QUEUES,
        sentence="No two Queues of different namespaces are the same jobs at the same broker.",
        check=same_queue_elsewhere,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="deadLetterCycle",
        needs="deadLetter",
        kinds=QUEUES,
        sentence="Dead letters never come back to the queue they died in, over whichever other Queues.",
        check=dead_letter_cycle,
    ),
    BuiltInRule(
        id="burstBelowRate",
        needs="rateLimit",
        kinds=QUEUES,
        sentence="The burst of a rate limit is at least its jobs.",
        check=burst,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="deadLettersKept",
        needs="retention",
        kinds=QUEUES,
        sentence="Dead letters are kept for a while.",
        check=retention,
        action=Action.WARN,
    ),
)
