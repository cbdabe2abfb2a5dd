"""Whether the watches still live. Kopf keeps bookmarks to itself, so its bytes are counted where they arrive.

Kopf makes its requests on a session that we give it. The middleware here sees each of them: a watch's body is wrapped,
so that every chunk, a bookmark's too, is a sign of life of that path, and what is `known` is left out; a list is shown
to who compares it with what is held, for kopf does not tell its handlers what was deleted while nobody watched.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any, Final, cast

import aiohttp

from kube.transport import Response
from reconciler.echoes import Lines
from reconciler.listed import Lists

_NOBODY: Final = Lists(lambda path, listing: None)


class Pulse:
    """Signs of life by path. A path counts as silent from the start on, until something arrives."""

    def __init__(
        self,
        paths: Iterable[str],
        monotonic: Callable[[], float],
        lists: Lists = _NOBODY,
        known: Callable[[str, bytes], bool] = lambda path, line: False,
    ) -> None:
        self._monotonic = monotonic
        self._lists = lists
        self._known = known
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
                lines = Lines(partial(self._known, path))
                listened = _Listened(response.content, lambda: self.beat(path), lines.take)
                response.content = cast("aiohttp.StreamReader", listened)
            elif isinstance(response, Response):
                response.heard = partial(self._lists.page, path, "continue" not in request.url.query)
        return response


class _Listened:
    """A body that says when something of it arrives, and hands on what is left; in all else it is the body itself."""

    def __init__(
        self, content: aiohttp.StreamReader, heard: Callable[[], None], left: Callable[[bytes], bytes]
    ) -> None:
        self._content = content
        self._heard = heard
        self._left = left

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        async for chunk in self._content.iter_chunked(size):
            self._heard()
            if left := self._left(chunk):
                yield left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)
