"""A queue at a real Redis, seen from outside the workers: what is waiting, in flight, scheduled, dead, and on
record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis

from tests.waiting import eventually

Json = dict[str, Any]


class Bench:
    """The queue `q`, of either layout."""

    def __init__(self, redis: Redis, url: str, layout: str = "List", name: str = "q") -> None:
        self.redis, self.url, self.layout, self.name = redis, url, layout, name

    async def command(self, *arguments: Any) -> Any:
        return await cast(Any, self.redis).execute_command(*arguments)

    async def push(self, *jobs: bytes, lane: str = "") -> None:
        key = f"{self.name}:{lane}" if lane else self.name
        for job in jobs:
            await (
                self.command("LPUSH", key, job) if self.layout == "List" else self.command("XADD", key, "*", "job", job)
            )

    async def waiting(self, lane: str = "") -> int:
        key = f"{self.name}:{lane}" if lane else self.name
        if self.layout == "List":
            return int(await self.command("LLEN", key))
        return int(await self.command("XLEN", key)) - await self.pending(lane)

    async def pending(self, lane: str = "") -> int:
        """Stream entries delivered and not acknowledged."""
        groups = await self.redis.xinfo_groups(f"{self.name}:{lane}" if lane else self.name)
        return sum(int(group["pending"]) for group in groups)

    async def in_flight(self) -> int:
        if self.layout == "Stream":
            return await self.pending()
        keys = [key async for key in self.redis.scan_iter(match=f"{self.name}:processing:*")]
        return sum([int(await self.command("LLEN", key)) for key in keys])

    async def scheduled(self) -> int:
        return int(await self.command("ZCARD", f"{self.name}:scheduled"))

    async def dead(self) -> list[Json]:
        key = f"{self.name}:dead"
        if self.layout == "List":
            return [json.loads(raw) for raw in await self.command("LRANGE", key, 0, -1)]
        return [json.loads(fields[b"job"]) for _, fields in await self.entries(key)]

    async def records(self) -> Mapping[str, Json]:
        """Status records by instance."""
        found = cast(dict[bytes, bytes], await self.redis.hgetall(f"{self.name}:workers"))
        return {instance.decode(): json.loads(record) for instance, record in found.items()}

    async def states(self) -> dict[str, str]:
        return {instance: record["state"] for instance, record in (await self.records()).items()}

    async def state(self, want: str, seconds: float = 10.0) -> Json:
        """The only worker's record, once it says so."""
        records = await eventually(
            f"one worker, {want}",
            self.records,
            lambda found: [record["state"] for record in found.values()] == [want],
            seconds,
        )
        return next(iter(records.values()))

    async def events(self, ledger: str = "ledger") -> list[tuple[str, str]]:
        """What the demo handler noted: (event, job id)."""
        entries = await self.entries(ledger)
        return [(fields[b"event"].decode(), fields[b"id"].decode()) for _, fields in entries]

    async def starts(self, ledger: str = "ledger") -> list[float]:
        """When runs started, by the broker's clock."""
        entries = await self.entries(ledger)
        return [int(at.split(b"-")[0]) / 1000 for at, fields in entries if fields[b"event"] == b"started"]

    async def entries(self, stream: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        return cast(list[tuple[bytes, dict[bytes, bytes]]], await self.redis.xrange(stream))

    async def done(self, ledger: str = "ledger") -> list[str]:
        return [job for event, job in await self.events(ledger) if event == "done"]
