"""The status record of the contract's section 4. Pure.

`time` is not filled in here: only the broker may say it, so the record is rendered in two halves around it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, log
from typing import Any, Final

FIRST_WAIT_SECONDS: Final = 0.05
WAIT_RATIO: Final = 1.25
LAST_BUCKET: Final = 63


class State(StrEnum):
    RUNNING = "Running"
    DRAINING = "Draining"
    DRAINED = "Drained"


@dataclass(slots=True)
class Counters:
    """Counts since process start. `busy_seconds` holds finished runs only; running ones are added when it is read."""

    started: int = 0
    completed: int = 0
    failed: int = 0
    busy_seconds: float = 0.0
    service_seconds: float = 0.0
    service_seconds_sq: float = 0.0
    waits: Counter[int] = field(default_factory=Counter)

    def as_dict(self, busy_seconds: float) -> dict[str, Any]:
        """`busy_seconds` with the runs under way."""
        return {
            "started": self.started,
            "completed": self.completed,
            "failed": self.failed,
            "busySeconds": round(busy_seconds, 3),
            "serviceSeconds": round(self.service_seconds, 3),
            "serviceSecondsSq": round(self.service_seconds_sq, 3),
            "waits": {str(bucket): self.waits[bucket] for bucket in sorted(self.waits)},
        }

    def waited(self, seconds: float) -> None:
        """A job has begun its first run after so long."""
        above = seconds / FIRST_WAIT_SECONDS
        self.waits[min(max(0, ceil(log(above, WAIT_RATIO))), LAST_BUCKET) if above > 1 else 0] += 1

    def finished(self, seconds: float, *, failed: bool) -> None:
        self.completed += 1
        self.failed += failed
        self.busy_seconds += seconds
        self.service_seconds += seconds
        self.service_seconds_sq += seconds * seconds


@dataclass(frozen=True, slots=True)
class Record:
    """One status record, all but its time and where the instance's jobs in flight are."""

    instance: str
    pod: str
    pod_uid: str
    state: State
    fetching: int
    running: int
    held: int
    config_generation: str
    counters: Counters = field(default_factory=Counters)
    busy_seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "instance": self.instance,
            "pod": self.pod,
            "podUID": self.pod_uid,
            "state": self.state,
            "fetching": self.fetching,
            "running": self.running,
            "held": self.held,
            **self.counters.as_dict(self.busy_seconds),
            "configGeneration": self.config_generation,
        }


def halves(record: Mapping[str, Any]) -> tuple[str, str]:
    """The JSON text before and after the value of `time`."""
    return json.dumps(record, separators=(",", ":"))[:-1] + ',"time":', "}"
