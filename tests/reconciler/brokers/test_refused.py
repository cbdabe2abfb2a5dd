"""Whatever single question a broker refuses to answer: no number becomes smaller for it, and none is called exact."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis as Client
from redis.exceptions import ResponseError

from crds.v1 import QueueSpec
from reconciler.brokers import layouts
from reconciler.brokers.connect import Link, Reply
from reconciler.brokers.errors import CredentialsRefused
from reconciler.brokers.observation import Method, Observation
from reconciler.brokers.questions import Command
from tests.reconciler.brokers.test_libraries import LIBRARIES, Fill, bullmq, sidekiq, sidekiq_job
from tests.reconciler.brokers.test_redis_list import job, works
from tests.reconciler.brokers.test_redis_stream import Redis6, add, take

COUNTS = ("waiting", "running", "scheduled", "due", "dead_letters")


class Refusing:
    """A link to a Redis that refuses the question at `place`, and tells everything else."""

    def __init__(self, link: Link | Redis6, place: int) -> None:
        self._link, self._place, self._asked = link, place, 0
        self.endpoint, self.identity, self.identified = link.endpoint, None, link.identified
        self.refused: Command = ()

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        replies = list(await self._link.ask(*commands))
        at = self._place - self._asked
        if 0 <= at < len(commands):
            self.refused = commands[at]
            replies[at] = ResponseError("NOPERM No permissions to access a key")
        self._asked += len(commands)
        return replies


async def lists(client: Client) -> None:
    await client.lpush("orders", job(90), job(60))
    await client.lpush("doing", job(5))
    await works(client, "pod-1.0a0a0a0a", 2, running=2)
    await works(client, "pod-2.0b0b0b0b", accounts=False, running=1)
    await client.zadd("orders:scheduled", {job(): time.time() + 10})
    await client.lpush("orders:dead", job())


async def streams(client: Client) -> None:
    await client.xgroup_create("orders", "workers", id="0", mkstream=True)
    await add(client, 5, "orders", seconds_ago=90)
    await take(client, 2, "orders")
    await client.zadd("orders:scheduled", {job(): time.time() + 10})
    await client.xadd("orders:dead", {"job": "{}"})


async def priorities(client: Client) -> None:
    await bullmq(client)
    await client.zadd("bull:orders:prioritized", {"10": 1})


async def processes(client: Client) -> None:
    """Two processes, so that one can be refused."""
    await sidekiq(client)
    await client.sadd("processes", "other")
    await client.hset("other:work", "tid9", f'{{"queue": "orders", "payload": {sidekiq_job()}}}')


FILLS: dict[str, Fill] = {layout: fill for layout, fill, *_ in LIBRARIES.values()}
FILLS |= {"List": lists, "Stream": streams, "BullMQ": priorities, "Sidekiq": processes}


async def observed(link: Any, layout: str) -> Observation:
    redis = {"layout": layout, "url": "redis://redis", **({"processingKey": "doing"} if layout == "List" else {})}
    spec = QueueSpec.model_validate({"broker": {"redis": redis}})
    return await layouts.observer("orders", spec, link, time.time).observe()


@pytest.mark.parametrize(("layout", "old"), [*((layout, False) for layout in FILLS), ("Stream", True)])
async def test_a_refused_answer_is_no_zero(link: Link, client: Client, layout: str, old: bool) -> None:
    """`old` streams have no lags."""
    await FILLS[layout](client)
    broker = Redis6(link) if old else link
    whole = await observed(broker, layout)
    for place in count():
        asked = Refusing(broker, place)
        try:
            seen = await observed(asked, layout)
        except CredentialsRefused:
            continue
        if not asked.refused:
            break
        for name in COUNTS:
            told, known = getattr(seen, name), getattr(whole, name)
            assert told.value is None or told.value >= known.value, f"{name} without {asked.refused}"
            assert told == known or told.method is not Method.EXACT, f"{name} without {asked.refused}"
        if seen.oldest_enqueued.method is Method.EXACT:
            assert seen.oldest_enqueued.value == whole.oldest_enqueued.value, asked.refused
        if seen.unclear and not whole.unclear:
            assert seen.refused.startswith(str(asked.refused[0])), asked.refused
