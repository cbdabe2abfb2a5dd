"""What a Queue says and nothing comes of with the layout of its jobs, in this release.

All of them warnings: the object is right by its schema, and who wrote it believes that it does something. Only what it
says itself is judged, not what it inherits. `status.enforcedBy` and the condition Ready say the same afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies import layouts
from policies.decision import Action
from policies.fields import mapping, text
from policies.rules.rule import QUEUES, BuiltInRule
from policies.subject import Subject

PURGING: Final = ("deletionPolicy", "deadLetter.deletionPolicy")
NAMES_DEAD_LETTERS: Final = "GoRedisWorkQueue"
"""The library in which the list of dead letters has a name of the application's choice, by which they are counted."""


def purges_nothing(subject: Subject) -> Iterator[Finding]:
    if "broker" not in subject.spec or layouts.read_by_workers(subject.spec):
        return
    for field in PURGING:
        if text(subject.spec, *field.split(".")) == "Purge":
            yield _told(field, f"{field} Purge deletes nothing {_where(subject)}: that needs the layout List or Stream")


def by_libraries(subject: Subject) -> Iterator[Finding]:
    """At other brokers than Redis nothing is known of the workers, and what is not read at all is said elsewhere."""
    layout, spec = layouts.layout(subject.spec), subject.spec
    if not layout or layout in layouts.OWN:
        return
    if spec.get("paused") is True:
        message = f"no pool grows for it, but workers of layout {layout} go on taking jobs: hold their pool at 0"
        yield _told("paused", message)
    if "rateLimit" in spec:
        message = f"rateLimit only bounds scaling with layout {layout}: its workers start jobs at their own pace"
        yield _told("rateLimit", message)
    if "retry" in spec:
        message = f"retry has no effect with layout {layout}: its workers try again by settings of their own"
        yield _told("retry", message)
    if text(spec, "management") == "Manage" and not any(True for _ in purges_nothing(subject)):
        message = f"management Manage writes nothing with layout {layout}: only List and Stream are written to"
        yield _told("management", message)
    yield from _dead_letters(subject, layout)


def _dead_letters(subject: Subject, layout: str) -> Iterator[Finding]:
    own = mapping(subject.spec, "deadLetter")
    none = layout in layouts.WITHOUT_DEAD_LETTERS
    if "queueName" in own and layout != NAMES_DEAD_LETTERS:
        why = "which keeps no dead letters" if none else "which has its own place for dead letters"
        yield _told("deadLetter.queueName", f"deadLetter.queueName has no effect with layout {layout}, {why}")
    if not none:
        return
    if "alertAbove" in own:
        message = f"deadLetter.alertAbove has no effect with layout {layout}, which keeps no dead letters"
        yield _told("deadLetter.alertAbove", message)
    if own.get("deletionPolicy") == "Block":
        message = f"deadLetter.deletionPolicy Block refuses every deletion with layout {layout}: nobody can count them"
        yield _told("deadLetter.deletionPolicy", message)


def drain_timeout(subject: Subject) -> Iterator[Finding]:
    """It bounds how long a deletion waits: for jobs, for dead letters, or for a broker from which they are deleted."""
    if "drainTimeout" not in subject.spec or text(subject.spec, "deletionPolicy") in ("Drain", "Purge"):
        return
    if subject.effective.get("deadLetter.deletionPolicy") not in ("Block", "Purge"):
        yield _told("drainTimeout", "drainTimeout has no effect: a deletion only waits under deletionPolicy Drain")


def _where(subject: Subject) -> str:
    layout = layouts.layout(subject.spec)
    return f"with layout {layout}" if layout else "at this broker"


def _told(field: str, message: str) -> Finding:
    return Finding(f"spec.{field}", Reason.INVALID, message)


RULES: Final = (
    BuiltInRule(
        id="purgesNothing",
        needs="broker",
        kinds=QUEUES,
        sentence="Purge is said only where jobs are deleted: with the layouts List and Stream.",
        check=purges_nothing,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="unheardByWorkers",
        needs="broker",
        kinds=QUEUES,
        sentence="Retries, rate limits, pauses and dead letters are set only with layouts whose workers read them.",
        check=by_libraries,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="drainTimeoutUnused",
        needs="drainTimeout",
        kinds=QUEUES,
        sentence="A drainTimeout is set only where a deletion waits for something.",
        check=drain_timeout,
        action=Action.WARN,
    ),
)
