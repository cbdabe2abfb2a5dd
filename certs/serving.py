"""The TLS side of a server whose leaf changes while it serves.

`LiveContext.context` is handed to the server once and never changes. Each handshake is moved, before a certificate is
chosen, to the newest context made from an offered leaf, so a new leaf is served from the next connection on and open
connections keep theirs. (Loading a second leaf into one context is no replacement: OpenSSL keeps one per key type and
would go on serving an ECDSA leaf after an RSA one was given.) A leaf that does not parse or does not fit its key
changes nothing. Until there is a leaf, handshakes fail.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs.authority import KeyPair
from certs.sources import LeafSource, SourceError

POLL_SECONDS: Final = 10.0
FIRST_POLL_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


class BadLeafError(ValueError):
    """An offered certificate and key cannot be served; what was served before still is."""


@dataclass(frozen=True, slots=True)
class Served:
    """The leaf that new connections get: SHA-256 of its certificate, and its end."""

    fingerprint: str
    ends: datetime


class LiveContext:
    """A server-side `ssl.SSLContext`, TLS 1.2 and later, whose leaf is replaced by `offer`.

    `served` is None until there is a leaf; `fault` says why the newest leaf is not served, "" when it is.
    """

    def __init__(self) -> None:
        self._newest: ssl.SSLContext | None = None
        self._leaf: KeyPair | None = None
        self.served: Served | None = None
        self.fault = ""
        self.context = _server_context()
        # Called for every handshake, also for clients that name no server.
        self.context.sni_callback = self._move

    def ends(self) -> float:
        """When the served leaf ends, in Unix time; 0 while there is none."""
        return self.served.ends.timestamp() if self.served else 0.0

    def _move(self, handshake: ssl.SSLObject, _server_name: str | None, _context: ssl.SSLContext) -> None:
        if self._newest is not None:
            handshake.context = self._newest

    def offer(self, leaf: KeyPair) -> bool:
        """Serves `leaf` from the next handshake on. False: it is served already. Raises BadLeafError."""
        if leaf == self._leaf:
            return False
        fresh = _server_context()
        try:
            with _as_file(leaf.certificate + b"\n" + leaf.key) as path:
                fresh.load_cert_chain(path, password=_no_password)
            parsed = x509.load_pem_x509_certificate(leaf.certificate)
        except (ssl.SSLError, ValueError) as fault:
            raise BadLeafError(f"the certificate and its key cannot be served: {fault}") from fault
        self._newest, self._leaf = fresh, leaf
        self.served = Served(parsed.fingerprint(hashes.SHA256()).hex(), parsed.not_valid_after_utc)
        return True


async def follow(
    live: LiveContext,
    source: LeafSource,
    *,
    poll: float = POLL_SECONDS,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> NoReturn:
    """Keeps `live` at the leaf of `source`: looks twice a second for the first one, then every `poll` seconds."""
    while True:
        try:
            leaf = await source.read()
            if leaf is not None and live.offer(leaf) and live.served is not None:
                log.info("serving certificate %.16s until %s", live.served.fingerprint, live.served.ends.isoformat())
            fault = ""
        except (BadLeafError, SourceError) as error:
            fault = str(error)
        if fault and fault != live.fault:
            log.warning("keeping the certificate that is served: %s", fault)
        live.fault = fault
        await sleep(FIRST_POLL_SECONDS if live.served is None else poll)


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_password() -> str:
    """Stands in the way of OpenSSL's own prompt on the terminal, which would hang the process."""
    raise ValueError("the private key is encrypted")


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """`ssl` loads certificates from paths only; where the kernel can, the key stays in memory and off every disk."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("headgate-leaf")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
