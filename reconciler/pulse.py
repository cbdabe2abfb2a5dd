"""Whether the watches still live. Kopf keeps bookmarks to itself, so its lines are heard where they arrive.

Kopf makes its requests on a session that we give it. The middleware here sees each of them: a watch's body is wrapped,
so that every line, a bookmark's too, is a sign of life of that path, and what is `known` is left out; a list is shown
to who compares it with what is held, for kopf does not tell its handlers what was deleted while nobody watched.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

import aiohttp

from kube.stream import lines
from kube.transport import Response

Listed: TypeAlias = Callable[[str, bool, Mapping[str, Any]], object]
"""Is shown each page of a list, with its path and whether it is the first."""
Known: TypeAlias = Callable[[str, bytes], bool]
"""Whether a line of the watch of a path tells nothing new."""


class Pulse:
    """Signs of life by path. A path counts as silent from the start on, until something arrives."""

    def __init__(
        self,
        paths: Iterable[str],
        monotonic: Callable[[], float],
        listed: Listed = lambda path, first, page: None,
        known: Known = lambda path, line: False,
    ) -> None:
        self._monotonic = monotonic
        self._listed = listed
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
                heard, known = partial(self.beat, path), partial(self._known, path)
                response.content = cast("aiohttp.StreamReader", Listened(response.content, heard, known))
            elif isinstance(response, Response):
                response.heard = partial(self._listed, path, "continue" not in request.url.query)
        return response


class Listened:
    """A watch's body that says when a line of it arrives, and keeps what is known to itself; in all else the body."""

    def __init__(
        self, content: aiohttp.StreamReader, heard: Callable[[], None], known: Callable[[bytes], bool]
    ) -> None:
        self._content = content
        self._heard = heard
        self._known = known

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """A line in each chunk, of whatever `size`."""
        async for line in lines(self._content):
            self._heard()
            if not self._known(line):
                yield line + b"\n"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)
