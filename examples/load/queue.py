"""The queue at its broker, as the generator and the account need it: where jobs go in, and where any of them can be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, cast

from redis.asyncio import Redis

from .ledger import Event, Ledger, Place, event_of, job_id

KEEP_SECONDS: Final = 7 * 24 * 3600
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Queue:
    """Names as in the worker contract, section 5. `layout` is List or Stream."""

    name: str
    layout: str = "List"
    key_prefix: str = ""
    priorities: tuple[str, ...] = ()
    dead_letter: str = ""
    processing_key: str = ""

    @property
    def base(self) -> str:
        return self.key_prefix + self.name

    @property
    def lanes(self) -> tuple[str, ...]:
        return tuple(f"{self.base}:{priority}" for priority in self.priorities) or (self.base,)

    @property
    def dead(self) -> str:
        return self.key_prefix + (self.dead_letter or f"{self.name}:dead")

    @property
    def processing(self) -> str:
        return self.processing_key or f"{self.base}:processing"


def ledger_key(run: str) -> str:
    """Where a run's ledger is: its jobs name it, so that workers write to the same place."""
    return f"headgate-load:{run}:ledger"


class QueueClient:
    """One queue at one broker."""

    def __init__(self, redis: Redis, queue: Queue) -> None:
        self._redis, self._queue = redis, queue
        self._enqueue = redis.register_script((files(__package__) / "enqueue.lua").read_text(encoding="utf-8"))

    async def enqueue(self, run: str, jobs: Sequence[Mapping[str, Any]]) -> int:
        """Sends jobs; those that were sent before are left out. Returns how many were new."""
        arguments: list[Any] = [self._queue.layout, KEEP_SECONDS]
        for job in jobs:
            arguments += [self._lane(job) + 1, job["id"], json.dumps(job)[:-1] + ', "enqueuedAt": ']
        keys = [ledger_key(run), f"headgate-load:{run}:sent", *self._queue.lanes]
        return int(await self._enqueue(keys, arguments))

    async def ledger(self, run: str) -> Ledger:
        """The run's ledger. All places are read in one transaction, so no job is missed on its way from one to another;
        events come last, so that a job that ends meanwhile is seen twice rather than not at all."""
        places = await self._places()
        return Ledger(tuple([event async for event in self.events(run)]), places)

    async def events(self, run: str, after: bytes = b"-") -> AsyncIterator[Event]:
        """The run's events, in order."""
        while page := await self._command("XRANGE", ledger_key(run), after, "+", "COUNT", _PAGE):
            for entry, fields in page:
                yield event_of(entry, _pairs(fields))
            after = b"(" + page[-1][0]

    def _lane(self, job: Mapping[str, Any]) -> int:
        priorities = self._queue.priorities
        return priorities.index(job["priority"]) if job.get("priority") in priorities else len(self._queue.lanes) - 1

    async def _places(self) -> Mapping[Place, tuple[str, ...]]:
        # A pending entry stays in its stream, so there the streams are all that waits and all that is in flight.
        processing = [key async for key in self._redis.scan_iter(match=f"{self._queue.processing}:*", count=_PAGE)]
        reads = [(Place.SCHEDULED, f"{self._queue.base}:scheduled", "ZRANGE")]
        reads += [(Place.IN_FLIGHT, key, "LRANGE") for key in processing]
        read = "XRANGE" if self._queue.layout == "Stream" else "LRANGE"
        reads += [(Place.WAITING, key, read) for key in self._queue.lanes]
        reads += [(Place.DEAD, self._queue.dead, read)]
        async with self._redis.pipeline(transaction=True) as pipeline:
            for _, key, command in reads:
                bounds = ("-", "+") if command == "XRANGE" else (0, -1)
                pipeline.execute_command(command, key, *bounds)
            answers = await pipeline.execute()
        found: dict[Place, list[str]] = {place: [] for place in Place}
        for (place, _, command), answer in zip(reads, answers, strict=True):
            raw = [_pairs(fields).get(b"job", b"") for _, fields in answer] if command == "XRANGE" else answer
            found[place] += [job for one in raw if (job := job_id(one)) is not None]
        return {place: tuple(jobs) for place, jobs in found.items()}

    async def _command(self, *arguments: Any) -> Any:
        execute = cast(Any, self._redis.execute_command)
        return await cast(Awaitable[Any], execute(*arguments))


def _pairs(fields: Any) -> dict[bytes, bytes]:
    """A stream entry's fields, which redis-py gives as a mapping or as a flat list, by the command and protocol."""
    return dict(fields) if isinstance(fields, Mapping) else dict(zip(fields[::2], fields[1::2], strict=True))
