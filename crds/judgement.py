"""What a walk over an object collects on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crds.findings import ABSENT, Finding, Reason
from crds.rules import Rule

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Judgement:
    """Findings, the values that are too broken to be reasoned about, and the rules still to be asked.

    A rule waits with its node and the node it was before, until it is known what is malformed.
    """

    findings: list[Finding] = field(default_factory=list)
    malformed: list[Path] = field(default_factory=list)
    rules: list[tuple[Path, Rule, Any, Any]] = field(default_factory=list)

    def add(self, path: Path, reason: Reason, message: str, value: Any = ABSENT) -> None:
        self.findings.append(Finding(text(path), reason, message, value))

    def add_malformed(self, path: Path, reason: Reason, message: str, value: Any = ABSENT) -> None:
        self.malformed.append(path)
        self.add(path, reason, message, value)


def text(path: Path) -> str:
    """`spec.queues[0].name`; keys of free maps come in brackets already."""
    parts = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(step if step.startswith("[") else f".{step}")
    return "".join(parts).removeprefix(".")
