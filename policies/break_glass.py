"""Break-glass: a person takes responsibility for an object for some hours, with a reason, and everybody can see it.

`headgate.dev/break-glass: 2026-11-25T23:00:00Z database is down, see INC-4711`. It lifts what protects people from
themselves (drift, guards of deletions) and no limit of a policy. Who may write it is for RBAC: the verb `break-glass`
on policies.work.headgate.dev, kept by a native policy; here only its form and its time are judged. It is for Queues and
WorkerPools: of a policy it lifts nothing, and so it is refused there.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from crds import meta
from policies.fields import text
from policies.moments import moment

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST: Final = timedelta(hours=24)
SHORTEST_REASON: Final = 10
APART: Final = timedelta(minutes=1)
"""How far the clocks of who wrote it and of who looks at it may be apart."""


class Glass(NamedTuple):
    until: datetime
    reason: str

    def in_force(self, now: datetime) -> bool:
        return now < self.until

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%dT%H:%M:%SZ}: {self.reason}"


def read(obj: Any) -> Glass | None:
    """What the annotation of an object says, in force or not; None without one, or where it cannot be read."""
    written, _, reason = annotation(obj).partition(" ")
    until = moment(written) if written else None
    return None if until is None or not reason.strip() else Glass(until, " ".join(reason.split()))


def fault(obj: Any, now: datetime) -> str:
    """Why the annotation of an object does not hold, or no longer, as the end of a sentence; "" where it does.

    For whoever looks at what is stored: who writes it is told more by the rule `breakGlass`.
    """
    glass = read(obj)
    if glass is None:
        return "says no time and reason that can be read"
    if not glass.in_force(now):
        return "is over"
    return "lasts for longer than 24h" if glass.until > now + LONGEST + APART else ""


def annotation(obj: Any) -> str:
    return text(obj, "metadata", "annotations", meta.ANNOTATION_BREAK_GLASS)


def applied_before(obj: Any) -> str:
    """The annotation as `kubectl apply` last wrote it, which may have been taken off since; "" where nobody knows."""
    written = text(obj, "metadata", "annotations", LAST_APPLIED)
    if meta.ANNOTATION_BREAK_GLASS not in written:
        return ""
    try:
        return annotation(json.loads(written))
    except ValueError:
        return ""
