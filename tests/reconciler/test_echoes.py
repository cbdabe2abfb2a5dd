"""What a watch tells of our own writes does not reach kopf, and everything else does."""

from __future__ import annotations

from typing import Any, cast

import aiohttp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube.client import Client
from kube.transport import open_session
from reconciler.echoes import is_echo
from reconciler.pulse import Listened, Pulse
from reconciler.status import RESOURCES
from reconciler.store import Store
from tests.kube.chunks import Chunks
from tests.reconciler.builders import applied, queue

QUEUES = RESOURCES["Queue"]


def event(obj: dict[str, Any], what: str = "MODIFIED") -> bytes:
    """As the API server writes a custom resource: with sorted names."""
    return b'{"type":"%s","object":%s}' % (what.encode(), orjson.dumps(obj, option=orjson.OPT_SORT_KEYS))


HELD = queue("a", uid="uid-a")
IMITATED = f'"name":"a","namespace":"shop","resourceVersion":"{HELD["metadata"]["resourceVersion"]}","uid":"uid-a"'


@pytest.mark.parametrize(
    ("line", "want"),
    [
        pytest.param(event(HELD), True, id="what is held"),
        pytest.param(event(HELD, "DELETED"), False, id="that it is gone"),
        pytest.param(event(HELD, "ADDED"), False, id="that it is there"),
        pytest.param(event(queue("a", uid="uid-a")), False, id="another version"),
        pytest.param(event({**HELD, "metadata": {**HELD["metadata"], "uid": "second"}}), False, id="a successor"),
        pytest.param(event(queue("b")), False, id="an object that is not held"),
        pytest.param(event(queue("b", annotations={"note": IMITATED})), False, id="a text that looks like it"),
        pytest.param(b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}', False, id="a bookmark"),
        pytest.param(b'{"type":"ERROR","object":{"code":410}}', False, id="an error"),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_an_echo_is(line: bytes, want: bool) -> None:
    store = Store()
    store.put(HELD)
    assert is_echo(store, "Queue", line) is want


@given(st.lists(st.binary(min_size=1, max_size=6).filter(lambda line: b"\n" not in line)), st.data())
async def test_lines_are_whole_however_they_come(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    pieces, at, beats = [], 0, 0
    while at < len(stream):
        size = data.draw(st.integers(1, 9))
        pieces.append(stream[at : at + size])
        at += size

    def heard() -> None:
        nonlocal beats
        beats += 1

    def given(line: bytes) -> bytes | None:
        return None if line.startswith(b"a") else line

    body = Listened(cast("aiohttp.StreamReader", Chunks(pieces)), heard, given)
    left = b"".join([piece async for piece in body.iter_chunked(1)])
    assert left == b"".join(line + b"\n" for line in lines if not line.startswith(b"a"))
    assert beats == len(lines), "what is left out is a sign of life too"


async def test_a_real_watch_tells_of_a_write_in_that_form(client: Client, namespace: str) -> None:
    made = await client.create(QUEUES, applied(queue("q"), namespace))
    operations = [{"op": "add", "path": "/status", "value": {"queueName": "q"}}]
    store = Store()
    store.put(await client.json_patch(QUEUES, "q", namespace, operations, "status"))
    asked = {"watch": "true", "resourceVersion": made["metadata"]["resourceVersion"], "timeoutSeconds": "1"}
    url = client.connection.server + QUEUES.path(namespace)
    async with open_session(client.connection, "test") as session, session.get(url, params=asked) as response:
        lines = (await response.read()).splitlines()
    assert [is_echo(store, "Queue", line) for line in lines] == [True]


async def test_a_real_watch_can_be_left_before_its_end(client: Client, namespace: str) -> None:
    path = QUEUES.path(namespace)
    pulse = Pulse([path], lambda: 0.0)
    async with (
        open_session(client.connection, "test", [pulse.middleware]) as session,
        session.get(client.connection.server + path, params={"watch": "true"}) as response,
    ):
        assert isinstance(response.content, Listened)
    assert response.closed
