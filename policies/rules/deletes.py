"""Deletions that would leave somebody without what they need. They are refused while the object still works.

Break-glass on a Queue lets it go all the same. What cannot be known is not taken for nothing: dead letters that nobody
could count are there until somebody says that they may go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies.fields import integer, text
from policies.rules.rule import DELETION, QUEUES, BuiltInRule
from policies.subject import Subject

NAMED: Final = 3
"""Pools named in a message before the rest is counted."""


def queue_in_use(subject: Subject) -> Iterator[Finding]:
    """With deletionPolicy Drain the deletion waits for these very pools."""
    if subject.glass is not None or text(subject.spec, "deletionPolicy") == "Drain":
        return
    pools = sorted(
        name
        for name in subject.snapshot.pools_of_queue(subject.namespace, subject.name)
        if not subject.snapshot.pools(subject.namespace)[name].leaving
    )
    if pools:
        verb = "takes" if len(pools) == 1 else "take"
        message = f"{among(pools)} {verb} jobs from it: change or delete what uses it first"
        yield Finding("metadata.name", Reason.FORBIDDEN, message)


def dead_letters(subject: Subject) -> Iterator[Finding]:
    if subject.glass is not None or subject.effective.get("deadLetter.deletionPolicy") != "Block":
        return
    count = integer(subject.obj, "status", "deadLetters")
    if count == 0:
        return
    there = f"{count} dead letter{'' if count == 1 else 's'} left"
    if count is None:
        there = "nobody knows how many dead letters are left"
    way = "bring them back or purge them first, or set deadLetter.deletionPolicy to Retain"
    yield Finding("spec.deadLetter.deletionPolicy", Reason.FORBIDDEN, f"{there}: {way}")


def among(pools: list[str]) -> str:
    rest = f" and {len(pools) - NAMED} more" if len(pools) > NAMED else ""
    return f"{meta.WORKER_POOL.kind} {', '.join(pools[:NAMED])}{rest}"


RULES: Final = (
    BuiltInRule(
        id="queueInUse",
        kinds=QUEUES,
        operations=DELETION,
        sentence="A Queue that WorkerPools name is not deleted, unless its deletionPolicy is Drain.",
        check=queue_in_use,
    ),
    BuiltInRule(
        id="deadLettersLeft",
        kinds=QUEUES,
        operations=DELETION,
        sentence="A Queue whose deadLetter.deletionPolicy is Block is not deleted while it has dead letters, or an "
        "unknown number of them.",
        check=dead_letters,
    ),
)
