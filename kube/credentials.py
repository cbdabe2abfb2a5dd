"""Where the Authorization header comes from, and how it is renewed.

A service account's token is rotated by the kubelet about every 50 minutes; the file is read again every minute, as
client-go does, and at once when the server answers 401. Nothing here is ever logged.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol

REREAD_SECONDS: Final = 60.0


class Credentials(Protocol):
    async def header(self) -> str:
        """The value of the Authorization header; empty where none is sent (client certificates, anonymous)."""
        ...

    async def renew(self) -> bool:
        """After a 401: fetch the credentials again. True where they differ, so that one more try is worth it."""
        ...


class Fixed:
    """A header that never changes."""

    def __init__(self, header: str = "") -> None:
        self._header = header

    async def header(self) -> str:
        return self._header

    async def renew(self) -> bool:
        return False


class TokenFile:
    """A bearer token in a file that somebody else rotates."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._header = ""
        self._read_at = float("-inf")

    async def header(self) -> str:
        if self._monotonic() - self._read_at >= REREAD_SECONDS:
            self._read()
        return self._header

    async def renew(self) -> bool:
        before = self._header
        self._read()
        return self._header != before

    def _read(self) -> None:
        # A few hundred bytes from a memory file system: cheaper than a thread.
        self._header = f"Bearer {self._path.read_text().strip()}"
        self._read_at = self._monotonic()


class Fetched:
    """A header that a function fetches, such as a kubeconfig's exec plugin; fetched again after a 401."""

    def __init__(self, header: str, fetch: Callable[[], Awaitable[str]]) -> None:
        self._header = header
        self._fetch = fetch

    async def header(self) -> str:
        return self._header

    async def renew(self) -> bool:
        before, self._header = self._header, await self._fetch()
        return self._header != before
