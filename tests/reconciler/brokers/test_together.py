"""Queues that are read together say the same as queues that are read one by one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from redis.asyncio import Redis as RedisClient

from crds.v1 import QueueSpec
from reconciler.brokers import layouts
from reconciler.brokers.connect import Link, Reply
from reconciler.brokers.errors import BrokerUnreachable, WrongType
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.observer import Found
from reconciler.brokers.questions import Command
from reconciler.brokers.reader import Reader
from reconciler.brokers.together import observe_together
from tests.reconciler.brokers.records import record

LAYOUTS = ("List", "Stream", "RQ", "Sidekiq", "List")


class Counting(Link):
    """A link that counts its round trips, and what is sent in them."""

    trips = 0
    commands: tuple[Command, ...] = ()

    async def ask_together(self, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        self.trips += 1
        self.commands += tuple(command for question in questions for command in question)
        return await super().ask_together(questions)


def spec_of(layout: str) -> QueueSpec:
    return QueueSpec.model_validate({"broker": {"redis": {"layout": layout, "url": "redis://redis"}}})


SPECS = {f"{layout.lower()}-{number}": spec_of(layout) for number, layout in enumerate(LAYOUTS)}


async def together(link: Link, specs: dict[str, QueueSpec]) -> dict[str, Found]:
    readers = [
        Reader(partial(layouts.observe, layouts.redis_queue(name, spec), spec, time.time))
        for name, spec in specs.items()
    ]
    return dict(zip(specs, await observe_together(link, readers), strict=True))


async def fill(client: RedisClient) -> None:
    worker = record("p-1.0a", time=time.time(), inFlight="list-0:doing", running=1)
    await client.lpush("list-0", json.dumps({"id": "1"}), json.dumps({"id": "2"}))
    await client.lpush("list-0:doing", json.dumps({"id": "0"}))
    await client.hset("list-0:workers", "p-1.0a", worker)
    await client.zadd("list-4:scheduled", {"later": time.time() + 5})
    await client.xadd("stream-1", {"id": "1"})
    await client.lpush("queue:sidekiq-3", json.dumps({"jid": "1", "enqueued_at": time.time()}))


async def test_the_same_as_one_by_one(link: Link, client: RedisClient) -> None:
    await fill(client)
    counting = Counting(link.endpoint, link._limits, time.monotonic)
    found = await together(counting, SPECS)
    assert counting.trips <= 2
    assert len(set(counting.commands)) == len(counting.commands), "what all ask alike is asked once"
    for name, spec in SPECS.items():
        alone, seen = await layouts.observer(name, spec, link, time.time).observe(), found[name]
        assert isinstance(seen, Observation), name
        assert abs(alone.time - seen.time) < 5
        assert replace(seen, time=alone.time) == alone, name
    first = found["list-0"]
    assert isinstance(first, Observation)
    assert (first.waiting, first.running) == (exact(2), exact(1))
    assert first.identity.run_id
    await counting.close()


async def test_one_that_cannot_be_read_keeps_nobody_else_from_it(link: Link, client: RedisClient) -> None:
    await client.set("list-0", "no list")
    found = await together(link, SPECS)
    assert isinstance(found.pop("list-0"), WrongType)
    assert all(isinstance(one, Observation) for one in found.values())


async def test_a_broker_that_is_away_is_away_for_all(link: Link) -> None:
    nobody = Link(replace(link.endpoint, port=1), link._limits, time.monotonic)
    found = await together(nobody, SPECS)
    assert all(isinstance(one, BrokerUnreachable) for one in found.values())
    assert len(found) == len(SPECS)
