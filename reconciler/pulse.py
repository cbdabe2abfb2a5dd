"""Whether the watches still live. Kopf keeps bookmarks to itself, so its lines are heard where they arrive.

Kopf makes its requests on a session that we give it. The middleware here sees each of them: a watch's body is wrapped,
so that every line, a bookmark's too, is a sign of life of that path. What kopf is given of lines and lists is decided
elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any, Protocol, cast

import aiohttp

from kube.stream import lines
from kube.transport import Response


class Intake(Protocol):
    """Stands between what arrives at a path and who asked for it."""

    def page(self, path: str, first: bool, page: dict[str, Any]) -> None:
        """A page of a list, which may be changed; whether it is the first."""

    def line(self, path: str, line: bytes) -> bytes | None:
        """What to give of a line of a watch; None for nothing."""


class Everything:
    """Gives all as it comes."""

    def page(self, path: str, first: bool, page: dict[str, Any]) -> None:
        """Stays as it is."""

    def line(self, path: str, line: bytes) -> bytes | None:
        return line


class Pulse:
    """Signs of life by path. A path counts as silent from the start on, until something arrives."""

    def __init__(self, paths: Iterable[str], monotonic: Callable[[], float], intake: Intake | None = None) -> None:
        self._monotonic = monotonic
        self._intake = intake or Everything()
        self._beats = dict.fromkeys(paths, monotonic())

    def beat(self, path: str) -> None:
        if path in self._beats:
            self._beats[path] = self._monotonic()

    def ages(self) -> dict[str, float]:
        """Seconds since the last sign of life, by path."""
        now = self._monotonic()
        return {path: now - at for path, at in self._beats.items()}

    async def middleware(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await handler(request)
        path = request.url.raw_path
        if path in self._beats and response.status == 200:
            self.beat(path)
            if "watch" in request.url.query:
                heard, given = partial(self.beat, path), partial(self._intake.line, path)
                response.content = cast("aiohttp.StreamReader", Listened(response.content, heard, given))
            elif isinstance(response, Response):
                response.heard = partial(self._intake.page, path, "continue" not in request.url.query)
        return response


class Listened:
    """A watch's body that says when a line arrives and gives on what `given` makes of it; in all else the body."""

    def __init__(
        self, content: aiohttp.StreamReader, heard: Callable[[], None], given: Callable[[bytes], bytes | None]
    ) -> None:
        self._content = content
        self._heard = heard
        self._given = given

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """A line in each chunk, of whatever `size`."""
        async for line in lines(self._content):
            self._heard()
            if (given := self._given(line)) is not None:
                yield given + b"\n"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)
