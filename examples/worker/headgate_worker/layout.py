"""One queue at its broker, seen by one instance: each operation is one script, the same for lists and streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import keys as key_names
from .config import Layout, QueueConfig, RateLimit
from .connection import Argument, Broker
from .jobs import Entry
from .records import halves
from .scripts import script

BLOCK_SECONDS: Final = 1.0
# A list with priorities has no command that waits on all its lanes without taking.
POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Taken:
    """What a take gave. `refill` and `due` are seconds to the next token and the next scheduled job (None: none)."""

    open: bool
    entries: tuple[Entry, ...]
    refill: float
    due: float | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whether the record was written, when by the broker's clock, and what it counted in flight for the instance."""

    written: bool
    time: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class Move:
    """One job of a dead instance: back to its lane, or to the dead letters, as `kept`."""

    entry: Entry
    kept: bytes
    bury: bool


class QueueAtBroker:
    """The operations on one queue. `instance` and `in_flight` may be a dead instance's, for recovery."""

    def __init__(self, broker: Broker, queue: QueueConfig, instance: str, in_flight: str = "") -> None:
        self._broker, self._queue, self._instance = broker, queue, instance
        is_list = queue.layout is Layout.LIST
        self._keys = key_names.of(queue, instance, in_flight if is_list else "")
        self._group = "" if is_list else in_flight or queue.consumer_group
        self._marks: list[bytes] = []

    async def take(self, want: int, fence: int) -> Taken:
        """Takes up to `want` jobs.

        If this raises they may be taken nevertheless, or later, until a record has a higher fence.
        """
        arguments = (want, *_limit(self._queue.rate_limit), fence)
        opened, refill, due, marks, jobs = await self._run("take", *arguments)
        self._marks = marks
        seconds = float(due)
        return Taken(bool(opened), _entries(jobs), float(refill), None if seconds < 0 else seconds)

    async def wait(self) -> bool:
        """Whether there may be a job, as soon as there may, at the latest after about a second.

        Takes nothing, so it may be cancelled at any moment.
        """
        lanes = self._keys.lanes
        if self._queue.layout is Layout.STREAM and self._marks:
            block = int(BLOCK_SECONDS * 1000)
            read = ("XREAD", "COUNT", 1, "BLOCK", block, "STREAMS")
            return await self._broker.command(*read, *lanes, *self._marks) is not None
        if self._queue.layout is Layout.LIST and len(lanes) == 1:
            # Moving the last job to where it is waits for one to come, and leaves the list as it was.
            move = ("BLMOVE", lanes[0], lanes[0], "RIGHT", "RIGHT", BLOCK_SECONDS)
            return await self._broker.command(*move) is not None
        for _ in range(round(BLOCK_SECONDS / POLL_SECONDS)):
            await asyncio.sleep(POLL_SECONDS)
            if await self._broker.command("EXISTS", *lanes):
                return True
        return False

    async def finish(self, entry: Entry) -> bool:
        return await self._settle("finish", entry)

    async def retry(self, entry: Entry, kept: bytes, delay: float) -> bool:
        return await self._settle("retry", entry, kept, delay)

    async def bury(self, entry: Entry, kept: bytes) -> bool:
        return await self._settle("bury", entry, kept)

    async def give_back(self, entry: Entry, fence: int) -> bool:
        """Puts a job that was never started back at the front, and its token with it."""
        return await self._settle("give_back", entry, fence=fence)

    async def entries(self, limit: int = 1000) -> tuple[Entry, ...]:
        """What the broker says is in flight for the instance."""
        return _entries(await self._run("entries", limit))

    async def record(self, record: Mapping[str, Any]) -> Recorded:
        """Writes a status record, its `state` and `seq` being what the script judges by."""
        written, time, in_flight = await self._run("record", *halves(record), record["state"], record["seq"])
        return Recorded(bool(written), float(time), int(in_flight))

    async def leave(self) -> bool:
        """Removes the record; False, and nothing done, while jobs are in flight."""
        return bool(await self._run("leave"))

    async def stale(self, seconds: float, lease_seconds: float) -> list[tuple[str, bytes]]:
        """Instances silent for longer than `seconds`, with their records; empty when another worker looks now."""
        found = await self._run("stale", seconds, int(lease_seconds * 1000))
        return [(instance.decode(errors="replace"), record) for instance, record in found]

    async def recover(self, seconds: float, moves: Sequence[Move]) -> tuple[int, int]:
        """Moves a dead instance's jobs; the numbers moved and left. Nothing moves if it has come back to life."""
        arguments: list[Argument] = [seconds]
        for move in moves:
            how = "bury" if move.bury else "again"
            arguments += [how, move.entry.lane, move.entry.entry, move.entry.raw, move.kept]
        moved, left = await self._run("recover", *arguments)
        return int(moved), int(left)

    async def _settle(self, how: str, entry: Entry, kept: bytes = b"", delay: float = 0.0, fence: int = 0) -> bool:
        arguments = (how, entry.entry, entry.raw, kept, delay, *_limit(self._queue.rate_limit), fence)
        return bool(await self._run("settle", *arguments, lanes=[entry.lane]))

    async def _run(self, operation: str, *arguments: Argument, lanes: Sequence[bytes] | None = None) -> Any:
        common: tuple[Argument, ...] = (self._instance, self._group, self._keys.base)
        keys = self._keys.of_lanes(lanes)
        return await self._broker.run(script(self._queue.layout, operation), keys, (*common, *arguments))


def _limit(limit: RateLimit | None) -> tuple[Argument, Argument, Argument]:
    return (limit.jobs, limit.per_seconds, limit.burst) if limit else (0, 1, 0)


def _entries(rows: Sequence[Sequence[bytes]]) -> tuple[Entry, ...]:
    return tuple(Entry(lane, entry, raw) for lane, entry, raw in rows)
