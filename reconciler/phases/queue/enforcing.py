"""Who makes a Queue's settings come true, and which of them nobody does. Pure.

Workers of the layouts of our own read the configuration file and do what it says. Libraries know nothing of it: they
have their own settings, and the agent beside them only has them drain. Brokers enforce nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.effective import Effective
from policies.layouts import read_by_workers

BY_WORKERS: Final = ("rateLimit", "retry", "deadLetter", "pause")
BY_NOBODY: Final = ("retention",)

Spec = Mapping[str, Any]


def enforced_by(spec: Spec) -> dict[str, str]:
    """`status.enforcedBy`."""
    workers = "Worker" if read_by_workers(spec) else "None"
    return {**dict.fromkeys(BY_WORKERS, workers), **dict.fromkeys(BY_NOBODY, "None")}


def notes(spec: Spec, effective: Effective | None) -> Iterator[str]:
    """What a pause comes to, and what of the spec has no effect in this layout."""
    if spec.get("paused"):
        yield "paused: workers take nothing new" if read_by_workers(spec) else _PAUSED_FOR_NOBODY
    for field in _purges(spec, effective):
        yield f"{field} Purge deletes nothing: that needs management Manage and the layout List or Stream"


_PAUSED_FOR_NOBODY: Final = (
    "paused: no pool grows for what waits, but workers of this layout do not read it and take jobs all the same"
)


def manages(spec: Spec) -> bool:
    """Whether the broker may be written to, and the keys are those of a layout of our own."""
    return spec.get("management") == "Manage" and read_by_workers(spec)


def _purges(spec: Spec, effective: Effective | None) -> Iterator[str]:
    if manages(spec):
        return
    if spec.get("deletionPolicy") == "Purge":
        yield "deletionPolicy"
    if effective is not None and effective.get("deadLetter.deletionPolicy") == "Purge":
        yield "deadLetter.deletionPolicy"
