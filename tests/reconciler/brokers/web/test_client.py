"""What a server on the web may do, and what it must not get us to do."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from reconciler.brokers.connect import Limits
from reconciler.brokers.endpoint import TLS
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerUnreachable,
    CredentialsRefused,
    HostRefused,
    ReplyInvalid,
    TLSFailed,
)
from reconciler.brokers.web.client import Client, Clients, Page
from reconciler.brokers.web.site import Site
from tests.reconciler.brokers.authority import authority
from tests.reconciler.brokers.conftest import LIMITS
from tests.reconciler.brokers.web.serving import Handler, serving


async def get(site: Site, limits: Limits = LIMITS, most: int = 1000, seconds: float = 5.0) -> Page:
    client = Client(site, limits, time.monotonic, seconds)
    try:
        return await client.get("/api", {"a": "b c"}, most)
    finally:
        await client.close()


async def refused(site: Site, limits: Limits = LIMITS, seconds: float = 5.0) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        await get(site, limits, seconds=seconds)
    assert "secret" not in caught.value.message
    return caught.value


async def test_an_answer_with_the_servers_time() -> None:
    async def handler(request: web.Request) -> web.Response:
        login = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        return web.Response(status=404, text=f"{login} {request.path_qs}")

    async with serving(handler) as site:
        page = await get(replace(site, path="/prom", username="ü", password="s3:cret"))
    assert (page.status, page.body.decode()) == (404, "ü:s3:cret /prom/api?a=b+c")
    assert page.date is not None
    assert abs(page.date - time.time()) < 5


async def _moved(request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": "http://169.254.169.254/"})


async def _closed(request: web.Request) -> web.Response:
    return web.Response(status=401, text='{"error": "Login failed"}')


async def _busy(request: web.Request) -> web.Response:
    return web.Response(status=503, text="query timed out")


async def _large(request: web.Request) -> web.Response:
    return web.Response(body=b"x" * 1001)


async def _endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b"x" * 65536)


async def _packed(request: web.Request) -> web.Response:
    return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})


async def _silent(request: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


@pytest.mark.parametrize(
    ("handler", "kind", "want"),
    [
        pytest.param(_moved, AddressInvalid, "sends us elsewhere (307)", id="a redirect"),
        pytest.param(_closed, CredentialsRefused, 'answers 401 ({"error": "Login failed"})', id="no login"),
        pytest.param(_busy, BrokerUnreachable, "answers 503: query timed out", id="too busy"),
        pytest.param(_large, ReplyInvalid, "answers with more than 1000 bytes", id="too much"),
        pytest.param(_endless, ReplyInvalid, "answers with more than 1000 bytes", id="no end"),
        pytest.param(_packed, ReplyInvalid, "in an encoding it was not asked for", id="packed"),
        pytest.param(_silent, BrokerUnreachable, "did not answer within 0.3 s", id="silence"),
    ],
)
async def test_what_is_not_taken_for_an_answer(handler: Handler, kind: type[BrokerError], want: str) -> None:
    async with serving(handler) as site:
        error = await refused(replace(site, password="secret"), seconds=0.3 if handler is _silent else 5.0)
    assert type(error) is kind
    assert want in error.message


async def test_nobody_there() -> None:
    async with serving(_busy) as site:
        pass
    error = await refused(site)
    assert error.message == f"127.0.0.1:{site.port}: Connection refused"


async def test_no_http_at_all() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR unknown command 'GET'\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        error = await refused(Site("127.0.0.1", server.sockets[0].getsockname()[1]))
    assert isinstance(error, ReplyInvalid)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f000001", "169.254.169.254", "::ffff:127.0.0.1", "::"])
async def test_nothing_is_sent_to_the_node_itself(host: str) -> None:
    asked = False

    async def handler(request: web.Request) -> web.Response:
        nonlocal asked
        asked = True
        return web.Response()

    async with serving(handler) as site:
        error = await refused(replace(site, host=host), replace(LIMITS, allow_local=False))
    assert isinstance(error, HostRefused), error
    assert not asked


async def test_a_server_that_fails_is_not_asked_by_everybody() -> None:
    now = 0.0
    async with serving(_busy) as site:
        pass
    client = Client(site, replace(LIMITS, retry_seconds=1), lambda: now)
    with pytest.raises(BrokerUnreachable, match="Connection refused"):
        await client.get("/", {})
    async with serving(_large) as other:
        client.site = other
        with pytest.raises(BrokerUnreachable, match="Connection refused"):
            await client.get("/", {})
        now = 1.5
        assert (await client.get("/", {}, 2000)).status == 200
    await client.close()


async def test_a_connection_that_was_closed_while_nobody_looked() -> None:
    answered = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal answered
        answered += 1
        if answered == 2 and request.transport is not None:
            request.transport.abort()
        return web.Response(text=str(answered))

    async with serving(handler) as site:
        client = Client(site, LIMITS, time.monotonic)
        assert (await client.post("/", {})).body == b"1"
        assert (await client.post("/", {})).body == b"3"
        await client.close()


async def test_tls_by_an_authority_and_a_name_of_its_own(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    ours = authority()
    certificate, key = ours.leaf("prometheus.acme.io")
    (tmp_path / "pair").write_text(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair")
    async with serving(handler, context) as site:
        trusting = replace(site, tls=TLS(ours.pem, server_name="prometheus.acme.io"))
        assert (await get(trusting)).body == b"ok"
        for wrong in (TLS(ours.pem), TLS(authority().pem, server_name="prometheus.acme.io"), TLS("no certificate")):
            assert isinstance(await refused(replace(site, tls=wrong)), TLSFailed)


async def test_what_nobody_uses_is_closed() -> None:
    now = 0.0
    clients = Clients(LIMITS, lambda: now)
    one = clients.get(Site("a", 80))
    assert clients.get(Site("a", 80)) is one
    assert clients.get(Site("a", 80, password="another")) is not one
    now = 301.0
    await clients.close_idle()
    assert clients.get(Site("a", 80)) is not one
    await clients.close()
