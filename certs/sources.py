"""Where a serving process reads its leaf: the Secret of its install, or a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from certs.authority import KeyPair
from certs.material import TLS_CERTIFICATE, TLS_KEY


class SourceError(Exception):
    """The source cannot be read now; the leaf that is served stays."""


class LeafSource(Protocol):
    """Something that knows the leaf. `read` answers None while there is none, and raises SourceError."""

    async def read(self) -> KeyPair | None: ...


class FolderSource:
    """`tls.crt` and `tls.key` in a folder, as a mounted Secret or cert-manager's CSI driver provide them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self) -> KeyPair | None:
        return await asyncio.to_thread(self._read)

    def _read(self) -> KeyPair | None:
        try:
            return KeyPair(*((self._folder / name).read_bytes() for name in (TLS_CERTIFICATE, TLS_KEY)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(f"{self._folder}: {error.strerror}") from error
