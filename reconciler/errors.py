"""How a pass over an object ends early. A phase raises one of these; what follows from it is decided in one place.

    ReconcileError
    ├── Stalled     the user must change something: Stalled=True, looked at again when the object or its world changes
    ├── Waiting     something else must happen first, which is normal: looked at again `after` seconds
    └── Transient   something outside failed: tried again with growing waits, shown after three failures in a row

All carry a stable reason and a message for people: plain English, a capital, no full stop, no numbers that change
with each pass. Errors of the API server need not be caught: the runner turns them into these by their `retry`.
"""

# ruff: noqa: N818 - the classes name states, not faults
from __future__ import annotations

from kube.errors import ApiError, Conflict, Retry
from reconciler.reasons import Reason

REFUSED_SECONDS = 30.0


class ReconcileError(Exception):
    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class Stalled(ReconcileError):
    """Nothing helps but a change by the user."""


class Waiting(ReconcileError):
    """Nothing is wrong; come back in `after` seconds, or earlier when an event wakes the key."""

    def __init__(self, after: float, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.after = after


class Transient(ReconcileError):
    """Try again, soon at first. A `quiet` one, a lost race, is never shown."""

    def __init__(self, reason: Reason, message: str, *, quiet: bool = False) -> None:
        super().__init__(reason, message)
        self.quiet = quiet


def from_api(error: ApiError) -> ReconcileError:
    """What an error of the API server means for a pass."""
    if isinstance(error, Conflict):
        return Transient(Reason.API_SERVER_REFUSED, error.message, quiet=True)
    if error.retry is Retry.AFTER and error.retry_after is not None:
        return Waiting(error.retry_after, Reason.API_SERVER_UNAVAILABLE, error.message)
    if error.retry is Retry.SOON:
        return Transient(Reason.API_SERVER_UNAVAILABLE, error.message)
    # RBAC and quotas are mended without a change of our object, so it must be tried again.
    return Waiting(REFUSED_SECONDS, Reason.API_SERVER_REFUSED, error.message)
