"""Where a queue's dead letters lie, oldest first, and the scripts that move or delete some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import ResponseError

from crds.v1 import QueueSpec
from reconciler.brokers import refusals
from reconciler.brokers.dead_letters.letter import Letter
from reconciler.brokers.layouts import redis_queue, supported
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Asks, RedisQueue

_LIST: Final = """
local done = 0
for i = 1, #ARGV, 4 do
  if redis.call('LREM', KEYS[1], -1, ARGV[i + 1]) == 1 then
    if ARGV[i + 2] ~= '' then redis.call('LPUSH', KEYS[tonumber(ARGV[i + 3])], ARGV[i + 2]) end
    done = done + 1
  end
end
return done
"""
_STREAM: Final = """
local done = 0
for i = 1, #ARGV, 4 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then
    if ARGV[i + 2] ~= '' then redis.call('XADD', KEYS[tonumber(ARGV[i + 3])], '*', 'job', ARGV[i + 2]) end
    done = done + 1
  end
end
return done
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """`id` is a stream's entry; a list knows a letter by its bytes alone."""

    id: bytes
    letter: Letter


class Box:
    """The dead letters of one queue. `stream` says which of the two layouts it is of."""

    def __init__(self, link: Asks, queue: RedisQueue, *, stream: bool) -> None:
        self._link = link
        self._queue = queue
        self._stream = stream

    @classmethod
    def of(cls, link: Asks, name: str, spec: QueueSpec) -> Box:
        """That of a Queue with one of our own layouts."""
        return cls(link, redis_queue(name, spec), stream=supported(spec.broker).layout == "Stream")

    @property
    def name(self) -> str:
        """The queue's, as letters name it."""
        return self._queue.name

    async def count(self) -> int:
        return int(await self._ask("XLEN" if self._stream else "LLEN", self._queue.dead_letters))

    async def page(self, after: Sequence[Entry], size: int) -> list[Entry]:
        """The oldest `size` behind those that were seen and left."""
        key = self._queue.dead_letters
        if self._stream:
            start = b"(" + after[-1].id if after else b"-"
            found = await self._ask("XRANGE", key, start, "+", "COUNT", size)
            return [Entry(entry, Letter.of(_job(fields))) for entry, fields in found]
        skip = len(after)
        found = await self._ask("LRANGE", key, -(skip + size), -(skip + 1))
        return [Entry(b"", Letter.of(raw)) for raw in reversed(found)]

    async def redrive(self, entries: Sequence[Entry]) -> int:
        """How many went back to the end of the lane they came from, as new jobs."""
        seconds, microseconds = await self._ask("TIME")
        now = int(seconds) + int(microseconds) / 1e6
        return await self._run([(entry, entry.letter.revived(now)) for entry in entries])

    async def purge(self, entries: Sequence[Entry]) -> int:
        return await self._run([(entry, b"") for entry in entries])

    async def _run(self, moves: Sequence[tuple[Entry, bytes]]) -> int:
        if not moves:
            return 0
        keys = [self._queue.dead_letters, *self._queue.lanes]
        arguments: list[Any] = []
        for entry, job in moves:
            arguments += [entry.id, entry.letter.raw, job, self._lane(entry.letter)]
        script = _STREAM if self._stream else _LIST
        return int(await self._ask("EVAL", script, len(keys), *keys, *arguments))

    def _lane(self, letter: Letter) -> int:
        """The key's number in the script: its priority's, else the last one's."""
        lanes = self._queue.lanes
        wanted = f"{self._queue.base}:{letter.priority}"
        return 2 + (lanes.index(wanted) if wanted in lanes else len(lanes) - 1)

    async def _ask(self, *command: Any) -> Any:
        given: Command = command
        (reply,) = await self._link.ask(given)
        if isinstance(reply, ResponseError):
            raise refusals.of_reply(reply, f"{command[0]} {self._queue.dead_letters}", self._link.endpoint)
        return reply


def _job(fields: Sequence[bytes]) -> bytes:
    pairs = dict(zip(fields[::2], fields[1::2], strict=False))
    return pairs.get(b"job", b"")
