"""Connections to HTTP servers, shared by all queues with the same login and bounded in number, time and bytes.

A name is judged before it is looked up, and what it leads to before anything is connected: only addresses that were
judged are handed on. A server that has just failed answers with the same error for a moment, so that a thousand queues
behind it wait for it together and not one after the other.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from socket import AF_INET, AddressFamily
from typing import Final
from urllib.parse import urlencode

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from reconciler.brokers import trust
from reconciler.brokers.connect import IDLE_SECONDS, Limits
from reconciler.brokers.errors import BrokerError, ReplyInvalid
from reconciler.brokers.recent import RecentFailure
from reconciler.brokers.web import refusals
from reconciler.brokers.web.site import Site
from reconciler.brokers.wire import context

SECONDS: Final = 5.0
"""A question takes so long at most, with looking up its name and connecting."""
MOST_BYTES: Final = 64 * 1024
_SAID: Final = 120
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `date` is the server's clock in seconds since the epoch, None where it does not tell."""

    status: int
    body: bytes
    date: float | None = None


class Client:
    """The connections to one site."""

    def __init__(self, site: Site, limits: Limits, clock: Callable[[], float], seconds: float = SECONDS) -> None:
        self.site = site
        self._seconds = seconds
        self._limits = limits
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.connections)
        self._session: aiohttp.ClientSession | None = None
        self._failure = RecentFailure(limits.retry_seconds, clock)
        self._used_at = clock()

    async def get(self, path: str, query: Mapping[str, str], most: int = MOST_BYTES) -> Page:
        """`path` is sent as it is; an answer of more than `most` bytes is refused. Raises `BrokerError`."""
        return await self._ask("GET", f"{path}?{urlencode(query)}", None, most)

    async def post(self, path: str, form: Mapping[str, str], most: int = MOST_BYTES) -> Page:
        """A question that is too long for an address, or that nobody in between may answer."""
        return await self._ask("POST", path, form, most)

    @property
    def idle(self) -> bool:
        return self._clock() - self._used_at > IDLE_SECONDS

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None, most: int) -> Page:
        self._used_at = self._clock()
        async with self._slots:
            self._failure.check()
            try:
                page = await self._exchange(method, path, form, most)
            except ReplyInvalid:
                raise
            except BrokerError as error:
                self._failure.keep(error)
                raise
        if refusal := refusals.of_status(page.status, _said(page.body), self.site):
            raise refusal
        return page

    async def _exchange(self, method: str, path: str, form: Mapping[str, str] | None, most: int) -> Page:
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    return await self._once(method, path, form, most)
                except aiohttp.ServerDisconnectedError:
                    # It may have closed the connection while nobody looked; a fresh one tells.
                    return await self._once(method, path, form, most)
        except Exception as error:
            if refusal := refusals.of_exchange(error, self.site, self._seconds):
                raise refusal from error
            raise

    async def _once(self, method: str, path: str, form: Mapping[str, str] | None, most: int) -> Page:
        session, url = self._opened(), URL(self.site.base + path, encoded=True)
        name = self.site.tls.server_name if self.site.tls else ""
        async with session.request(
            method, url, data=form, allow_redirects=False, server_hostname=name or None
        ) as answer:
            body = await self._read(answer, most)
            return Page(answer.status, body, _date(answer.headers.get("Date", "")))

    async def _read(self, answer: aiohttp.ClientResponse, most: int) -> bytes:
        if "Content-Encoding" in answer.headers:
            raise ReplyInvalid(f"{self.site.host}:{self.site.port} answers in an encoding it was not asked for")
        body = b""
        while more := await answer.content.read(most):
            body += more
            if len(body) > most:
                raise ReplyInvalid(f"{self.site.host}:{self.site.port} answers with more than {most} bytes")
        return body

    def _opened(self) -> aiohttp.ClientSession:
        if not self._limits.allow_local:
            trust.refuse_local_name(self.site.host)
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Judge(local=self._limits.allow_local),
                use_dns_cache=False,
                limit=self._limits.connections,
                ssl=_context(self.site),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_headers(self.site),
                auto_decompress=False,
            )
        return self._session


class Clients:
    """All clients of the process, one for each site."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._clients: dict[Site, Client] = {}

    def get(self, site: Site) -> Client:
        client = self._clients.get(site)
        if client is None:
            client = self._clients[site] = Client(site, self._limits, self._clock)
        return client

    async def close_idle(self) -> None:
        """Drops the clients nobody has used for five minutes, as those of a password that has been changed."""
        for site in [site for site, client in self._clients.items() if client.idle]:
            await self._clients.pop(site).close()

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        self._clients.clear()


class _Judge(AbstractResolver):
    """Looks names up, and hands on nothing that leads to the node itself or to the link it is on."""

    def __init__(self, *, local: bool) -> None:
        self._local = local
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not self._local:
            for one in found:
                trust.refuse_local_address(host, one["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


def _context(site: Site) -> ssl.SSLContext | bool:
    return True if site.tls is None else context(site.tls)


def _headers(site: Site) -> dict[str, str]:
    if not (site.username or site.password):
        return _HEADERS
    login = base64.b64encode(f"{site.username}:{site.password}".encode()).decode()
    return {**_HEADERS, "Authorization": f"Basic {login}"}


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _said(body: bytes) -> str:
    """The beginning of what a server says of its refusal, where that is text."""
    return body[:_SAID].decode(errors="replace").strip()
