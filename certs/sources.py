"""Where a serving process reads its leaf: the Secret of its install, or a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from certs.authority import KeyPair
from certs.material import TLS_CERTIFICATE, TLS_KEY
from certs.store import NAME, ForeignSecretError, decoded, is_ours
from kube.client import Client
from kube.errors import ApiError, NotFound
from kube.resources import SECRETS


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


class SecretSource:
    """The leaf in the Secret of the install, read through the API server: a mounted Secret would lag by a minute."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def read(self) -> KeyPair | None:
        try:
            secret = await self._client.get(SECRETS, NAME, self._namespace)
        except NotFound:
            return None
        except ApiError as error:
            raise SourceError(f"Secret {self._namespace}/{NAME}: {error}") from error
        if not is_ours(secret):
            raise SourceError(str(ForeignSecretError(self._namespace)))
        data = decoded(secret)
        certificate, key = data.get(TLS_CERTIFICATE, b""), data.get(TLS_KEY, b"")
        return KeyPair(certificate, key) if certificate or key else None
