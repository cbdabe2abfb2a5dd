"""How a pass over an object ended."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import ReconcileError


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is None when every phase ran; else `phase` is the name of the one that ended the pass."""

    error: ReconcileError | None = None
    phase: str = ""

    @property
    def complete(self) -> bool:
        return self.error is None
