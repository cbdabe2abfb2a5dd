"""The workers' status records, read with suspicion: anybody who may write to the broker can write them.

Garbage is ignored but counted; a record older than 15 s by the broker's clock is stale and says only that there was a
worker. Neither proves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import inf, isfinite
from operator import attrgetter
from typing import Any, Final

import orjson

from reconciler.plans import waits

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
class Told:
    """Runs that ended, the sum of their lengths in seconds and of the squares of these, and the time spent running,
    runs under way included. `waits` counts jobs by how long they waited for their first run, None where a worker that
    has run jobs does not count them.
    """

    runs: int = 0
    lengths: float = 0.0
    squares: float = 0.0
    busy: float = 0.0
    waits: waits.Counts | None = field(default_factory=lambda: waits.NONE)

    def __add__(self, other: Told) -> Told:
        return Told(
            self.runs + other.runs,
            self.lengths + other.lengths,
            self.squares + other.squares,
            self.busy + other.busy,
            None if self.waits is None or other.waits is None else waits.added(self.waits, other.waits),
        )

    def since(self, earlier: Told) -> Told:
        """The growth; a count that went back says nothing."""
        return Told(
            max(0, self.runs - earlier.runs),
            max(0.0, self.lengths - earlier.lengths),
            max(0.0, self.squares - earlier.squares),
            max(0.0, self.busy - earlier.busy),
            None if self.waits is None else waits.since(self.waits, earlier.waits or waits.NONE),
        )


NOTHING_TOLD: Final = Told()


@dataclass(frozen=True, slots=True)
class Record:
    """One worker process's status record; docs/worker-contract.md has the meaning of the fields.

    `in_flight_at` says where the broker keeps the instance's jobs: the key of its list, or its consumer group. It is
    empty for a worker that keeps no such account. `told` is what it has done for this queue alone, where it says so; a
    worker of one queue need not. `tells` is False for one that says it does not know.
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
    told: Told = NOTHING_TOLD
    tells: bool = True

    @property
    def in_flight(self) -> int:
        return self.running + self.held

    @property
    def rests(self) -> bool:
        """Whether nothing runs, is held or is being fetched."""
        return not (self.fetching or self.in_flight)

    @property
    def succeeded(self) -> int:
        return max(0, self.completed - self.failed)

    def stale(self, broker_time: float) -> bool:
        return not -AHEAD_SECONDS <= broker_time - self.time <= STALE_SECONDS


@dataclass(frozen=True, slots=True)
class Records:
    """All records of a queue, by instance. `tell`: whether every one of them knows what it has done for this queue."""

    fresh: Mapping[str, Record]
    stale: Mapping[str, Record]
    garbage: int
    tell: bool = True

    def completed_since(self, earlier: Records) -> int | None:
        """Runs that ended between two readings, as far as workers told; None when there was nobody to tell."""
        known = (earlier.fresh or earlier.stale) and earlier.tell and self.tell
        return self.told_since(earlier).runs if known else None

    def told_since(self, earlier: Records) -> Told:
        """What the workers have done since; one that was not there before has done all it tells of since then."""
        before = earlier.everyone
        told = NOTHING_TOLD
        for instance, record in self.everyone.items():
            earlier_told = before[instance].told if instance in before else NOTHING_TOLD
            # Most have ended no run since; the sum of what they say costs more than to see that.
            if record.told != earlier_told or record.told.waits is None:
                told += record.told.since(earlier_told)
        return told

    @property
    def everyone(self) -> Mapping[str, Record]:
        return {**self.stale, **self.fresh} if self.stale else self.fresh

    @property
    def told(self) -> Told:
        """All that the living workers have done since each of them started."""
        return sum((record.told for record in self.fresh.values()), NOTHING_TOLD)

    def only_later(self, earlier: Records) -> bool:
        """Whether the same workers say the same as before, at another time."""
        return (
            self.garbage == earlier.garbage
            and _only_later(self.fresh, earlier.fresh)
            and _only_later(self.stale, earlier.stale)
        )

    def same_until(self, broker_time: float) -> float:
        """When the first of them becomes stale, or what is dated ahead becomes fresh, while nothing is written."""
        ends = [record.time + STALE_SECONDS for record in self.fresh.values()]
        starts = [record.time - AHEAD_SECONDS for record in self.stale.values() if record.time > broker_time]
        return min((*ends, *starts), default=inf)


def _only_later(records: Mapping[str, Record], earlier: Mapping[str, Record]) -> bool:
    same = (_said(record) == _said(earlier[name]) for name, record in records.items())
    return records.keys() == earlier.keys() and all(same)


_said: Final = attrgetter(*(field.name for field in fields(Record) if field.name != "time"))

NO_RECORDS: Final = Records({}, {}, 0)


def parse_all(raw: Mapping[str, bytes], broker_time: float) -> Records:
    fresh: dict[str, Record] = {}
    stale: dict[str, Record] = {}
    garbage, tell = 0, True
    for instance, text in raw.items():
        record = parse(instance, text)
        if record is None:
            garbage += 1
        else:
            (stale if record.stale(broker_time) else fresh)[instance] = record
            tell = tell and record.tells
    return Records(fresh, stale, garbage, tell)


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
    tells = "queue" not in fields or fields["queue"] is not None
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
        told=_told(fields["queue"] if isinstance(fields.get("queue"), dict) else fields) if tells else NOTHING_TOLD,
        tells=tells,
    )


def _told(fields: dict[str, Any]) -> Told:
    completed = _count(fields["completed"])
    return Told(
        completed,
        _number(fields.get("serviceSeconds", 0)),
        _number(fields.get("serviceSecondsSq", 0)),
        _number(fields.get("busySeconds", 0)),
        _waits(fields.get("waits"), silent=completed > 0),
    )


def _waits(counts: object, *, silent: bool) -> waits.Counts | None:
    if counts is None:
        return None if silent else waits.NONE
    if not isinstance(counts, dict) or len(counts) > waits.BUCKETS:
        raise ValueError("no counts of waits")
    found = {int(bucket): _count(number) for bucket, number in counts.items()}
    if not all(0 <= bucket < waits.BUCKETS for bucket in found):
        raise ValueError("no such bucket")
    return found


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
