"""A consumer that applies the changes holds what the server holds, whatever happens between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from random import Random

import orjson
import pytest
from aiohttp import web

from kube.backoff import Backoff
from kube.client import Client
from kube.errors import ApiError, Forbidden, ServerError, Unreachable
from kube.informer import Alive, Change, Pace, Put, Remove, Reset, follow
from kube.resources import CONFIG_MAPS, PODS
from tests.kube.conftest import broken, scripted
from tests.kube.test_client import config_map


class Waits:
    """A pace that does not wait, and remembers how long it would have."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.pace = Pace(Backoff(initial=1, maximum=8, jitter=0), Random(0), self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)


def names(change: Change) -> str:
    match change:
        case Reset(objects):
            return f"reset {' '.join(sorted(obj['metadata']['name'] for obj in objects))}".strip()
        case Put(obj):
            return f"put {obj['metadata']['name']}"
        case Remove(obj):
            return f"remove {obj['metadata']['name']}"
        case Alive():
            return "alive"


async def take(stream: AsyncGenerator[Change, None], count: int) -> list[str]:
    """The first `count` changes that are more than signs of life."""
    seen: list[str] = []
    async with asyncio.timeout(20), aclosing(stream):
        async for change in stream:
            if isinstance(change, Alive):
                continue
            seen.append(names(change))
            if len(seen) == count:
                break
    return seen


@pytest.mark.control_plane
async def test_it_begins_with_everything_and_goes_on_with_changes(client: Client, namespace: str) -> None:
    await client.create(CONFIG_MAPS, config_map("a", namespace))
    stream = follow(client, CONFIG_MAPS, namespace, "app")
    async with asyncio.timeout(20), aclosing(stream):
        assert names(await anext(stream)) == "reset a"
        assert names(await anext(stream)) == "alive", "the watch is taken up"
        await client.create(CONFIG_MAPS, config_map("b", namespace))
        assert names(await anext(stream)) == "put b"
        await client.merge_patch(CONFIG_MAPS, "b", namespace, {"metadata": {"labels": {"app": None}}})
        assert names(await anext(stream)) == "remove b", "an object that leaves the selector is gone"
        await client.delete(CONFIG_MAPS, "a", namespace)
        assert names(await anext(stream)) == "remove a"


def event(kind: str, name: str, version: str) -> bytes:
    metadata = {"resourceVersion": version} | ({"name": name} if name else {})
    return orjson.dumps({"type": kind, "object": {"metadata": metadata}}) + b"\n"


BREAK = b"break"
GONE = orjson.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}) + b"\n"


class Script:
    """Answers a list with the next of `lists`, a watch with the next of `watches`; then stays silent."""

    def __init__(self, lists: list[tuple[int, list[str]]], watches: list[bytes | int]) -> None:
        self.lists, self.watches = lists, watches
        self.watched_from: list[str] = []
        self.silent = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            status, items = self.lists.pop(0)
            body = {"metadata": {"resourceVersion": "10"}, "items": [{"metadata": {"name": name}} for name in items]}
            return web.json_response(body if status == 200 else {"kind": "Status", "message": "no"}, status=status)
        self.watched_from.append(request.query["resourceVersion"])
        answer = self.watches.pop(0) if self.watches else b""
        if isinstance(answer, int):
            return web.json_response({"kind": "Status", "message": "no"}, status=answer)
        if answer == BREAK:
            return await broken(request)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(answer)
        if self.silent or not self.watches:
            await asyncio.sleep(60)
        return response


async def test_a_watch_that_ends_goes_on_where_it_was() -> None:
    script = Script(
        [(200, ["a"])], [event("ADDED", "b", "11"), event("BOOKMARK", "", "15"), event("DELETED", "b", "16")]
    )
    waits = Waits()
    async with scripted(script.answer) as client:
        seen = await take(follow(client, PODS, "shop", pace=waits.pace), 3)
    assert seen == ["reset a", "put b", "remove b"]
    assert script.watched_from == ["10", "11", "15"]
    assert waits.asked == [], "a watch that told something is continued at once"


async def test_a_kind_of_which_nothing_is_ever_told_is_alive_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a kind that was not written since the API server started there are no bookmarks either."""
    monkeypatch.setattr("kube.stream.SILENCE_SECONDS", 0.1)
    script = Script([(200, ["a"])], [b"", b"", b""])
    script.silent = True
    heard: list[ApiError] = []
    waits = Waits()
    async with scripted(script.answer) as client:
        stream = follow(client, PODS, "shop", pace=waits.pace, trouble=heard.append)
        async with asyncio.timeout(20), aclosing(stream):
            assert [names(await anext(stream)) for _ in range(4)] == ["reset a", "alive", "alive", "alive"]
    assert (heard, waits.asked) == ([], []), "silence is no trouble, and the watch is taken up at once"
    assert script.watched_from == ["10", "10", "10"]


async def test_an_expired_version_brings_everything_again() -> None:
    script = Script([(200, ["a"]), (200, ["c"])], [event("ADDED", "b", "11") + GONE, event("ADDED", "d", "12")])
    heard: list[ApiError] = []
    async with scripted(script.answer) as client:
        stream = follow(client, PODS, "shop", pace=Waits().pace, trouble=heard.append)
        assert await take(stream, 4) == ["reset a", "put b", "reset c", "put d"]
    assert [error.status for error in heard] == [410]


async def test_refusals_are_outlived_with_growing_waits() -> None:
    script = Script([(403, []), (500, []), (500, []), (200, ["a"])], [500, event("ADDED", "b", "11")])
    heard: list[ApiError] = []
    waits = Waits()
    async with scripted(script.answer) as client:
        stream = follow(client, PODS, "shop", pace=waits.pace, trouble=heard.append)
        assert await take(stream, 2) == ["reset a", "put b"]
    assert [type(error) for error in heard] == [Forbidden, ServerError, ServerError, ServerError]
    assert waits.asked == [1, 2, 4], "the first failure is tried again at once"


async def test_watches_that_end_at_once_are_not_hammered() -> None:
    script = Script([(200, [])], [b"", b"", b"", event("ADDED", "b", "11")])
    waits = Waits()
    async with scripted(script.answer) as client:
        assert await take(follow(client, PODS, "shop", pace=waits.pace), 2) == ["reset", "put b"]
    assert waits.asked == [1, 2]


async def test_a_server_that_goes_away_is_waited_for() -> None:
    script = Script([(200, ["a"])], [event("ADDED", "b", "11"), BREAK, BREAK, BREAK, event("ADDED", "c", "12")])
    heard: list[ApiError] = []
    waits = Waits()
    async with scripted(script.answer) as client:
        stream = follow(client, PODS, "shop", pace=waits.pace, trouble=heard.append)
        assert await take(stream, 3) == ["reset a", "put b", "put c"]
    assert {type(error) for error in heard} == {Unreachable}
    assert waits.asked, "a server that is away must not be hammered"
