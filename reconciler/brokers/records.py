"""The workers' status records, read with suspicion: anybody who may write to the broker can write them.

Garbage is ignored but counted; a record older than 15 s by the broker's clock is stale and says only that there was a
worker. Neither proves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Any, Final

import orjson

STALE_SECONDS: Final = 15.0
AHEAD_SECONDS: Final = 5.0
"""How far a record may seem to lie ahead of the broker's time, which was read a moment earlier."""
NAME_LENGTH: Final = 300


class State(StrEnum):
    """What a worker says it is doing."""

    RUNNING = "Running"
    DRAINING = "Draining"
    DRAINED = "Drained"


@dataclass(frozen=True, slots=True)
class Record:
    """One worker process's status record; docs/worker-contract.md has the meaning of the fields.

    `in_flight_at` says where the broker keeps the instance's jobs: the key of its list, or its consumer group. It is
    empty for a worker that keeps no such account.
    """

    instance: str
    pod: str
    pod_uid: str
    time: float
    state: State
    fetching: int
    running: int
    held: int
    started: int
    completed: int
    failed: int
    busy_seconds: float
    service_seconds: float
    service_seconds_sq: float
    config_generation: str
    in_flight_at: str = ""

    @property
    def in_flight(self) -> int:
        return self.running + self.held

    def stale(self, broker_time: float) -> bool:
        return not -AHEAD_SECONDS <= broker_time - self.time <= STALE_SECONDS


@dataclass(frozen=True, slots=True)
class Records:
    """All records of a queue, by instance."""

    fresh: Mapping[str, Record]
    stale: Mapping[str, Record]
    garbage: int

    def completed_since(self, earlier: Records) -> int | None:
        """Runs that ended between two readings, as far as workers told; None when there was nobody to tell."""
        before, after = earlier.completed, self.completed
        if not before:
            return None
        return sum(max(0, count - before.get(instance, 0)) for instance, count in after.items())

    @property
    def completed(self) -> dict[str, int]:
        return {name: record.completed for records in (self.fresh, self.stale) for name, record in records.items()}

    def service_seconds(self, at_least: int = 5) -> float | None:
        """The mean length of a run, or None with fewer than `at_least` runs on record."""
        runs = sum(record.completed for record in self.fresh.values())
        total = sum(record.service_seconds for record in self.fresh.values())
        return total / runs if runs >= at_least and total > 0 else None


NO_RECORDS: Final = Records({}, {}, 0)


def parse_all(raw: Mapping[str, bytes], broker_time: float) -> Records:
    fresh: dict[str, Record] = {}
    stale: dict[str, Record] = {}
    garbage = 0
    for instance, text in raw.items():
        record = parse(instance, text)
        if record is None:
            garbage += 1
        else:
            (stale if record.stale(broker_time) else fresh)[instance] = record
    return Records(fresh, stale, garbage)


def parse(instance: str, text: bytes) -> Record | None:
    """The record kept under `instance`, or None when it is not one."""
    try:
        fields = orjson.loads(text)
        return _record(instance, fields) if isinstance(fields, dict) else None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _record(instance: str, fields: dict[str, Any]) -> Record:
    if fields["instance"] != instance:
        raise ValueError("a record kept under another instance's name")
    return Record(
        instance=_name(instance),
        pod=_name(fields["pod"]),
        pod_uid=_name(fields["podUID"]),
        time=_number(fields["time"]),
        state=State(fields["state"]),
        fetching=_count(fields["fetching"]),
        running=_count(fields["running"]),
        held=_count(fields.get("held", 0)),
        started=_count(fields["started"]),
        completed=_count(fields["completed"]),
        failed=_count(fields.get("failed", 0)),
        busy_seconds=_number(fields.get("busySeconds", 0)),
        service_seconds=_number(fields.get("serviceSeconds", 0)),
        service_seconds_sq=_number(fields.get("serviceSecondsSq", 0)),
        config_generation=_name(fields.get("configGeneration", "")),
        in_flight_at=_name(fields.get("inFlight", "")),
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > NAME_LENGTH:
        raise ValueError("no name")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("no count")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise ValueError("no number")
    return float(value)
