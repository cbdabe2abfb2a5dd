"""The session that a library of others makes its requests on."""

from __future__ import annotations

from json import JSONDecodeError

import aiohttp
import pytest
from aiohttp import web

from kube.transport import open_session
from tests.kube.conftest import scripted


def answering(body: bytes, content_type: str) -> web.Response:
    return web.Response(body=body, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "content_type", "want"),
    [
        (b'{"items": [{"a": 1.5, "b": null}]}', "application/json", {"items": [{"a": 1.5, "b": None}]}),
        (b'{"items": ', "application/json", JSONDecodeError),
        (b"<html>", "text/html", aiohttp.ContentTypeError),
    ],
    ids=["JSON", "JSON that is cut off", "a proxy's page"],
)
async def test_an_answer_is_read_as_aiohttp_reads_it(body: bytes, content_type: str, want: object) -> None:
    async def handler(request: web.Request) -> web.Response:
        return answering(body, content_type)

    async with (
        scripted(handler) as client,
        open_session(client.connection, "test") as session,
        session.get(client.connection.server) as response,
    ):
        if isinstance(want, type):
            with pytest.raises(want):
                await response.json()
        else:
            assert await response.json() == want
