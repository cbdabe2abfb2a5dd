"""redis-py's connection, made safe to point at a stranger.

The parser bounds what an answer may cost: longer values are read past and dropped, so one huge job does not make its
queue unreadable, and an answer of too many parts ends the connection. The connection looks at whom it has reached
before it sends a byte. Both rest on names that redis-py keeps to itself; tests/reconciler/brokers/test_wire.py notices
when they change.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from redis._parsers import _AsyncRESP2Parser
from redis.asyncio.connection import AbstractConnection, Connection
from redis.exceptions import InvalidResponse

from reconciler.brokers.endpoint import TLS

VALUE_BYTES: Final = 256 * 1024
"""A single value longer than this is dropped: it reads as empty."""
ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Values after so many bytes of answers to one question are dropped as well."""
ANSWER_PARTS: Final = 100_000
_CHUNK: Final = 64 * 1024
_END_OF_LINE: Final = b"\r\n"


class BoundedParser(_AsyncRESP2Parser):
    """RESP 2 with bounds on values, bytes and parts; `begin` starts counting anew."""

    def __init__(self, socket_read_size: int) -> None:
        super().__init__(socket_read_size)
        self.begin()

    def begin(self) -> None:
        self._bytes_left = ANSWER_BYTES
        self._parts_left = ANSWER_PARTS

    async def _readline(self) -> bytes:
        self._parts_left -= 1
        if self._parts_left < 0:
            raise InvalidResponse(f"the answer has more than {ANSWER_PARTS} parts")
        return await super()._readline()

    async def _read(self, length: int) -> bytes:
        if length <= VALUE_BYTES and length <= self._bytes_left:
            self._bytes_left -= length
            return await super()._read(length)
        await self._drop(length)
        return b""

    async def _drop(self, length: int) -> None:
        """Reads past a value and its end of line without keeping more than a chunk."""
        left = length + len(_END_OF_LINE)
        while left > 0:
            size = min(left, _CHUNK)
            await super()._read(size - len(_END_OF_LINE))
            self._chunks.clear()
            left -= size


class GuardedConnection(Connection):
    """A connection that may be secured, and whose peer `judge` may refuse by raising a `RedisError`."""

    def __init__(
        self,
        *,
        judge: Callable[[str | None], None],
        tls_context: ssl.SSLContext | None = None,
        server_name: str = "",
        **settings: Any,
    ) -> None:
        super().__init__(
            **settings, protocol=2, parser_class=BoundedParser, driver_info=None, redis_connect_func=self._introduce
        )
        self._judge = judge
        self._tls_context = tls_context
        self._server_name = server_name

    def begin(self) -> None:
        """Starts counting what the answers cost."""
        if isinstance(self._parser, BoundedParser):
            self._parser.begin()

    async def abort(self) -> None:
        """Closes at once, without the courtesies that a spoilt or hanging connection would only draw out."""
        if self._writer is not None:
            self._writer.transport.abort()
        await self.disconnect(nowait=True)

    async def _introduce(self, connection: AbstractConnection) -> None:
        self._judge(self.getpeername())
        await connection.on_connect()

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = dict(super()._connection_arguments())
        if self._tls_context is not None:
            arguments |= {"ssl": self._tls_context, "server_hostname": self._server_name or None}
        return arguments


def context(tls: TLS) -> ssl.SSLContext:
    """The client side of `tls`; raises ssl.SSLError or ValueError for what is no PEM."""
    made = ssl.create_default_context(cadata=tls.ca or None)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.certificate and tls.key:
        _load(made, tls.certificate, tls.key)
    return made


def _load(made: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads key pairs from files only; this one exists in memory alone, and no longer than it is read."""
    descriptor = os.memfd_create("client-certificate")
    try:
        os.write(descriptor, f"{key}\n{certificate}\n".encode())
        made.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
