"""Lines of a watch, however they are cut into chunks."""

from __future__ import annotations

from typing import cast

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube.errors import Gone, ServerError
from kube.stream import Event, EventType, decode, lines
from tests.kube.chunks import Chunks


async def read(chunks: list[bytes], limit: int = 1000) -> list[bytes]:
    return [line async for line in lines(cast("aiohttp.StreamReader", Chunks(chunks)), limit)]


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda b: b"\n" not in b)), st.randoms())
async def test_any_cut_gives_the_same_lines(want: list[bytes], random: object) -> None:
    from random import Random

    assert isinstance(random, Random)
    body = b"".join(line + b"\n" for line in want)
    cuts = sorted(random.randrange(len(body) + 1) for _ in range(5))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert await read(chunks) == want


async def test_a_last_line_without_its_end_is_a_line() -> None:
    assert await read([b"a\n\nb"]) == [b"a", b"b"]


async def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(ServerError, match="larger than 1000 bytes"):
        await read([b"x" * 600, b"x" * 600])


def test_events_are_decoded() -> None:
    assert decode(b'{"type":"ADDED","object":{"a":1}}') == Event(EventType.ADDED, {"a": 1})


def test_an_error_event_is_raised_as_its_type() -> None:
    body = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
    with pytest.raises(Gone, match="too old"):
        decode(orjson.dumps(body))


def test_garbage_is_a_server_error() -> None:
    with pytest.raises(ServerError, match="no JSON"):
        decode(b"<html>")
