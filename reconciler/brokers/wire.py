"""redis-py's connection, made safe to point at a stranger.

The connection looks at whom it has reached before it sends a byte. What it is greeted with is read by redis-py's own
parser, within bounds; everything after that is taken apart by `replies`, without a task switch for each short answer.
Both rest on names that redis-py keeps to itself; tests/reconciler/brokers/test_wire.py notices when they change.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from redis._parsers import _AsyncRESP2Parser
from redis.asyncio.connection import AbstractConnection, Connection
from redis.exceptions import ConnectionError as ConnectionFailed
from redis.exceptions import InvalidResponse

from reconciler.brokers.endpoint import TLS
from reconciler.brokers.errors import TLSFailed
from reconciler.brokers.questions import Command, Standing, packed
from reconciler.brokers.replies import ANSWER_BYTES, ANSWER_PARTS, MORE, VALUE_BYTES, Replies

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
        self._replies = Replies(BoundedParser.parse_error)

    async def exchange(self, questions: Sequence[Sequence[Command]]) -> list[list[Any]]:
        """The replies to some commands of each question, all sent at once; a command's own refusal is among them."""
        if self._writer is None or self._reader is None:
            raise ConnectionFailed("Connection closed by server.")
        if self._replies.pending:
            raise InvalidResponse("an answer came to no question")
        self._writer.write(b"".join(map(_packed, questions)))
        await self._writer.drain()
        self._replies.begin_together()
        return [self._same(question) or await self._answers(question, self._reader) for question in questions]

    def _same(self, question: Sequence[Command]) -> list[Any] | None:
        """The answers of the last time, where the same bytes have come again; None for all else."""
        if not isinstance(question, Standing) or not question.raw or not self._replies.again(question.raw):
            return None
        return question.answers

    async def _answers(self, question: Sequence[Command], reader: asyncio.StreamReader) -> list[Any]:
        self._replies.begin()
        answers: list[Any] = []
        while len(answers) < len(question):
            answer = self._replies.take()
            if answer is MORE:
                self._replies.feed(await _more(reader))
                continue
            if isinstance(answer, ConnectionFailed):
                raise answer
            answers.append(answer)
        if isinstance(question, Standing):
            question.answered(self._replies.raw, answers)
        return answers

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


def _packed(question: Sequence[Command]) -> bytes:
    return question.packed if isinstance(question, Standing) else b"".join(map(packed, question))


async def _more(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(_CHUNK)
    if not data:
        raise ConnectionFailed("Connection closed by server.")
    return data


def context(tls: TLS) -> ssl.SSLContext:
    """The client side of `tls`; raises `TLSFailed` for what is no PEM."""
    try:
        return _context(tls)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise TLSFailed(f"the certificates in the Secret cannot be used: {error}") from error


def _context(tls: TLS) -> ssl.SSLContext:
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
