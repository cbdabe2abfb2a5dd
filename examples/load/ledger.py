"""The ledger of a run: what happened to its jobs, by the broker's clock, and where the unfinished ones are.

At the broker it is a stream, written by the generator (`enqueued`) and by the workers (`started`, `failed`,
`done`); the entry ids are the times. In a file it is JSON lines, so that a run can be accounted for after the
broker is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ENQUEUED = "enqueued"
    STARTED = "started"
    FAILED = "failed"
    DONE = "done"


class Place(StrEnum):
    WAITING = "waiting"
    SCHEDULED = "scheduled"
    IN_FLIGHT = "in flight"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Event:
    """`time` in seconds since the epoch. `run` tells runs apart, `instance` and `attempt` say whose and which it was;
    the three are empty for `enqueued`."""

    time: float
    kind: Kind
    job: str
    instance: str = ""
    attempt: int = 0
    run: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Events in the order they were written, and the jobs found at the broker when it was read."""

    events: tuple[Event, ...]
    places: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)


def event_of(entry: bytes, fields: Mapping[bytes, bytes]) -> Event:
    """The event of one entry of the stream."""
    text = {name.decode(): value.decode() for name, value in fields.items()}
    milliseconds, _, _ = entry.decode().partition("-")
    return Event(
        time=int(milliseconds) / 1000,
        kind=Kind(text["event"]),
        job=text["id"],
        instance=text.get("instance", ""),
        attempt=int(text.get("attempt", 0)),
        run=text.get("run", ""),
    )


def job_id(raw: bytes) -> str | None:
    """The id of a job as it lies at the broker; None for what is no job."""
    try:
        body: Any = json.loads(raw)
    except ValueError:
        return None
    found = body.get("id") if isinstance(body, dict) else None
    return None if found is None else str(found)


def dump(ledger: Ledger) -> Iterator[str]:
    """The lines of the file."""
    for event in ledger.events:
        yield json.dumps(asdict(event))
    for place, jobs in ledger.places.items():
        for job in jobs:
            yield json.dumps({"place": place, "job": job})


def load(lines: Iterable[str]) -> Ledger:
    """The ledger of a file's lines; raises ValueError, KeyError or TypeError when they are not one."""
    events: list[Event] = []
    places: dict[Place, list[str]] = {place: [] for place in Place}
    for line in lines:
        record = json.loads(line)
        if "place" in record:
            places[Place(record["place"])].append(record["job"])
        else:
            events.append(Event(**{**record, "kind": Kind(record["kind"])}))
    return Ledger(tuple(events), {place: tuple(jobs) for place, jobs in places.items()})
