"""The body of an answer, in place of one from a server."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Chunks:
    """A body that arrives in the given pieces."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
