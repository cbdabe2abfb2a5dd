"""Tokens are read again in time, and after a refusal."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from kube.credentials import Fetched, Fixed, TokenFile
from kube.resources import PODS
from tests.kube.conftest import scripted


async def test_a_token_file_is_read_again_every_minute(tmp_path: Path) -> None:
    now = 0.0
    token = tmp_path / "token"
    token.write_text("one\n")
    credentials = TokenFile(token, lambda: now)
    assert await credentials.header() == "Bearer one"
    token.write_text("two")
    now = 59.0
    assert await credentials.header() == "Bearer one"
    now = 60.0
    assert await credentials.header() == "Bearer two"


async def test_renewing_tells_whether_a_retry_makes_sense(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one")
    credentials = TokenFile(token, lambda: 0.0)
    await credentials.header()
    assert not await credentials.renew()
    token.write_text("two")
    assert await credentials.renew()
    assert not await Fixed("Bearer x").renew()


async def test_a_refused_request_is_sent_once_more_with_the_new_token() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        if seen[-1] == "Bearer new":
            return web.json_response({"metadata": {"name": "a"}})
        return web.json_response({"kind": "Status", "reason": "Unauthorized"}, status=401)

    async def fetch() -> str:
        return "Bearer new"

    async with scripted(handler, Fetched("Bearer old", fetch)) as client:
        await client.get(PODS, "a", "shop")
    assert seen == ["Bearer old", "Bearer new"]
