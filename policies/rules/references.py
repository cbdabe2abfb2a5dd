"""What an object says of other objects. These are warnings: the other object may be on its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies.decision import Action
from policies.fields import integer, items, listing, text
from policies.nearest import nearest
from policies.rules.rule import OBJECT_AND_SCALE, POOLS, BuiltInRule
from policies.subject import Subject

MAX_SUGGESTIONS: Final = 4
"""Missing queues that get a suggestion; each costs a comparison with every queue of the namespace."""


def queue_exists(subject: Subject) -> Iterable[Finding]:
    return () if len(subject.queues) == len(listing(subject.spec, "queues")) else _missing(subject)


def _missing(subject: Subject) -> Iterator[Finding]:
    known = subject.snapshot.queues(subject.namespace)
    suggestions = 0
    for path, reference in items(subject.spec, "queues"):
        name = text(reference, "name")
        if not name or name in known:
            continue
        suggestions += 1
        likely = nearest(name, known) if suggestions <= MAX_SUGGESTIONS else None
        hint = f'; did you mean "{likely}"?' if likely else " yet"
        yield Finding(f"spec.{path}.name", Reason.INVALID, f'no Queue "{name}" in {subject.namespace}{hint}')


def hold_above_maximum(subject: Subject) -> Iterator[Finding]:
    """A hold is a person's word and is no error; but it does not make a pool larger than the pool's own bound."""
    held = integer(subject.spec, "hold", "replicas")
    most = integer(subject.spec, "scaling", "maxReplicas")
    if held is not None and most is not None and held > most:
        message = f"{held} is above scaling.maxReplicas: the pool is held at {most}"
        yield Finding("spec.hold.replicas", Reason.INVALID, message)


RULES: Final = (
    BuiltInRule(
        id="queueExists",
        needs="queues",
        kinds=POOLS,
        sentence="Every queue a WorkerPool names exists in its namespace.",
        check=queue_exists,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="holdAboveMaximum",
        needs="hold",
        kinds=POOLS,
        subresources=OBJECT_AND_SCALE,
        sentence="A hold stays within the pool's own maxReplicas.",
        check=hold_above_maximum,
        action=Action.WARN,
        timely=True,
    ),
)
