"""The HTTP side of workers (docs/worker-contract.md, section 6), asked of pods that are to leave and of no others.

What a pod answers is a stranger's word: every request is bounded in time, every answer in size, redirects are not
followed, and addresses of the node and of the link are not asked.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any, Final

import aiohttp
import orjson

from reconciler.brokers.records import Record, parse

SECONDS: Final = 1.5
MOST_BYTES: Final = 64 * 1024
AT_ONCE: Final = 32
"""Requests under way together, of all pools."""


class AdminAPIError(Exception):
    """No answer that could be believed."""


class AdminAPI:
    """One for the process. `local` lets loopback addresses through: for tests and laptops only."""

    def __init__(self, *, local: bool = False) -> None:
        self._local = local
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def status(self, base: str) -> Record:
        """`base` is as `base_of` makes it. Raises AdminAPIError for whatever is no record."""
        return await self._ask("GET", f"{base}status")

    async def drain(self, base: str, reason: str) -> Record:
        return await self._ask("POST", f"{base}drain", {"reason": reason})

    async def release(self, base: str) -> Record:
        return await self._ask("DELETE", f"{base}drain")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def base_of(self, address: str, port: int, path: str) -> str:
        """What the contract's paths are put behind; empty for an address that is not asked."""
        try:
            found = ip_address(address)
        except ValueError:
            return ""
        if not self._local and (found.is_loopback or found.is_link_local or found.is_unspecified):
            return ""
        host = f"[{found}]" if found.version == 6 else str(found)
        return f"http://{host}:{port}/{path.strip('/')}".rstrip("/") + "/"

    async def _ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> Record:
        try:
            async with (
                self._slots,
                asyncio.timeout(SECONDS),
                self._opened().request(method, url, json=body, allow_redirects=False) as answer,
            ):
                text = b""
                while len(text) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                    text += more
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AdminAPIError(f"{method} {url}: {error!r}") from error
        if answer.status != 200 or len(text) > MOST_BYTES:
            raise AdminAPIError(f"{method} {url}: answered {answer.status} with {len(text)} bytes")
        return _record(text)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=True, limit=AT_ONCE)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def _record(text: bytes) -> Record:
    """A worker that writes no record at a broker has no time of its last one."""
    try:
        fields = orjson.loads(text)
        instance = str(fields["instance"])
        found = parse(instance, orjson.dumps({**fields, "time": fields.get("time") or 0}))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise AdminAPIError(f"no record: {error!r}") from error
    if found is None:
        raise AdminAPIError("no record")
    return found
