"""How a metric is declared, before it has any value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


_OWNERS: Final = {"queue": "Queue", "pool": "WorkerPool", "policy": "Policy"}


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """One metric, and the same only as itself. `labels` that begin with namespace and queue or pool make it belong to
    an object.
    """

    name: str
    type: Type
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def owner(self) -> str:
        """The kind whose objects own the series, or nothing."""
        return _OWNERS.get(self.labels[1], "") if len(self.labels) > 1 else ""
