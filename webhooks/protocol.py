"""HTTP/1.1 for reviews: a review that has arrived as a whole is answered where it is parsed.

uvicorn makes a task, an event and half a dozen messages of every request, which costs about as much as a decision. A
review is a small body on a known path, and its answer is made without waiting for anything, so none of that is needed.
Everything else takes uvicorn's way: other methods and paths, a body that is large or slow to come, an answer that has
to be waited for, a caller that does not read.

A small review comes in pieces all the same: the TLS of Go, and so of the API server, sends the first 128 KiB of a
connection in records of one network packet each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final, Protocol

import httptools
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
_LAST: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"

MOST_IN_PIECES: Final = 64 * 1024
"""Bytes of one request that are kept here; reviews of ours are a few KiB, and what is larger waits for a place."""
PATIENCE_SECONDS: Final = 0.1
"""How long the rest of a body is waited for here; from then on its time is counted as the caller has asked for."""


class Endpoint(Protocol):
    """What answers reviews on one path: a whole body by `answer`, any other as an ASGI application. Never raises."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def answer(self, body: bytes) -> bytes | None:
        """The answer, or None where it has to be waited for."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether the caller had better open its next connection elsewhere."""
        ...


def speaking(endpoints: Mapping[bytes, Endpoint]) -> type[ReviewProtocol]:
    """The protocol with these endpoints, by their paths: uvicorn makes one of it for every connection."""
    return type("BoundReviewProtocol", (ReviewProtocol,), {"endpoints": endpoints})


class ReviewProtocol(HttpToolsProtocol):
    """`_asked` is the endpoint of a review that is being received, and None while a request takes uvicorn's way."""

    endpoints: ClassVar[Mapping[bytes, Endpoint]] = {}
    _asked: Endpoint | None = None
    _body: list[bytes]
    _room: int
    _patience: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._asked is None:
            return
        self._room -= len(data)
        if self._room < 0 or self.expect_100_continue:
            self._hand_over()
        elif self._patience is None:
            self._patience = self.loop.call_later(PATIENCE_SECONDS, self._hand_over)

    def connection_lost(self, exc: Exception | None) -> None:
        self._asked = None
        self._forget_patience()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._asked is not None:
            self._hand_over()
        super().shutdown()

    def on_headers_complete(self) -> None:
        endpoint = self.endpoints.get(self.url.partition(b"?")[0])
        if endpoint is not None and self._is_plain():
            self._asked, self._body, self._room = endpoint, [], MOST_IN_PIECES
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._asked is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        endpoint = self._asked
        if endpoint is None:
            super().on_message_complete()
            return
        answer = endpoint.answer(b"".join(self._body))
        if answer is None:
            self._hand_over()
            super().on_message_complete()
            return
        self._asked = None
        self._forget_patience()
        if endpoint.stopping:
            self.transport.write(_LAST % (len(answer), answer))
            self.transport.close()
        else:
            self.transport.write(_HEAD % (len(answer), answer))
        self.on_response_complete()

    def _is_plain(self) -> bool:
        """Whether nothing is under way on the connection, and nothing about the request wants special treatment."""
        parser: httptools.HttpRequestParser = self.parser
        return (
            parser.get_method() == b"POST"
            and self._is_idle()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def _is_idle(self) -> bool:
        last: RequestResponseCycle | None = self.cycle
        return last is None or last.response_complete

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hand_over(self) -> None:
        """It is uvicorn's from here, with what there is of the body."""
        begun, self._asked = self._body, None
        self._forget_patience()
        super().on_headers_complete()
        for part in begun:
            super().on_body(part)
