"""The same answer whichever way a review comes: at once, in pieces, behind another one, or with strange headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from policies import MemorySnapshot
from tests.policies.objects import policy, pool, queue
from tests.webhooks.reviews import UID, review
from webhooks import serving
from webhooks.app import PATHS, create_app
from webhooks.decider import Decider
from webhooks.metrics import Metrics
from webhooks.protocol import MOST_IN_PIECES, PATIENCE_SECONDS
from webhooks.readiness import Readiness

BODY = json.dumps(review(pool())).encode()
ALLOWED = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": UID, "allowed": True}}


def request(body: bytes = BODY, *headers: str, path: str = "/validate?timeout=5s", method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Caller:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        readiness: Readiness,
        server: serving.Server,
    ) -> None:
        self.reader, self.writer, self.readiness, self.server = reader, writer, readiness, server

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            # A piece of its own on the way, and not one with the next.
            await asyncio.sleep(0.01)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await asyncio.wait_for(self.reader.readexactly(int(headers.get("content-length", 0))), 10)
        return int(head[0].split()[1]), headers, body


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    readiness = Readiness(frozenset())
    app = create_app(Decider(MemorySnapshot.of([queue()])), readiness, Metrics(PATHS))
    server = serving.reviews(app)
    with serving.bind("127.0.0.1", 0) as bound:
        running = asyncio.create_task(server.serve([bound]))
        reader, writer = await asyncio.open_connection("127.0.0.1", serving.port_of(bound))
        yield Caller(reader, writer, readiness, server)
        writer.close()
        server.should_exit = True
        await running


CHUNKED = b"POST /validate HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
    len(BODY),
    BODY,
)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([request()], id="at once"),
        pytest.param([request()[:-900], request()[-900:]], id="the body in two pieces"),
        pytest.param([request()[:20], request()[20:60], request()[60:]], id="the headers in pieces"),
        pytest.param([request()[: -len(BODY)], BODY], id="the headers first"),
        pytest.param([CHUNKED], id="chunked"),
        pytest.param([CHUNKED[:200], CHUNKED[200:]], id="chunked, in two pieces"),
        pytest.param([request(BODY, "expect: 100-continue")], id="with a wish to be told to go on"),
        pytest.param([request(BODY, "connection: close")], id="the last one"),
        pytest.param([request().replace(b"HTTP/1.1", b"HTTP/1.0")], id="of an old version"),
    ],
)
async def test_a_review_is_answered(caller: Caller, pieces: list[bytes]) -> None:
    await caller.send(*pieces)
    status, headers, body = await caller.answer()
    if status == 100:
        status, headers, body = await caller.answer()
    assert (status, json.loads(body), headers["content-type"]) == (200, ALLOWED, "application/json")


async def test_a_body_that_is_slow_to_come_is_waited_for(caller: Caller) -> None:
    await caller.send(request()[:-900])
    await asyncio.sleep(2 * PATIENCE_SECONDS)
    await caller.send(request()[-900:])
    assert json.loads((await caller.answer())[2]) == ALLOWED


async def test_a_large_body_in_pieces_is_answered(caller: Caller) -> None:
    body = json.dumps(
        review(pool(args=["x" * 50] * 200, env=[{"name": f"N{n}", "value": "v" * 1000} for n in range(200)]))
    )
    whole = request(body.encode())
    assert len(whole) > 2 * MOST_IN_PIECES
    await caller.send(*(whole[at : at + 20_000] for at in range(0, len(whole), 20_000)))
    assert json.loads((await caller.answer())[2]) == ALLOWED


async def test_a_caller_that_leaves_in_the_middle_harms_nobody(caller: Caller) -> None:
    await caller.send(request()[:-900])
    caller.writer.close()
    await caller.writer.wait_closed()
    await asyncio.sleep(2 * PATIENCE_SECONDS)


async def test_a_review_that_is_half_here_is_answered_by_a_server_that_stops(caller: Caller) -> None:
    await caller.send(request()[:-900])
    caller.server.should_exit = True
    await asyncio.sleep(0.3)
    await caller.send(request()[-900:])
    assert json.loads((await caller.answer())[2]) == ALLOWED


async def test_one_connection_is_used_again_and_again(caller: Caller) -> None:
    for pieces in ([request()], [request()[:-9], request()[-9:]], [request()], [request(path="/default")]):
        await caller.send(*pieces)
        assert json.loads((await caller.answer())[2]) == ALLOWED


async def test_an_answer_that_has_to_be_waited_for(caller: Caller) -> None:
    """A Policy that is applied is previewed."""
    body = json.dumps(review(policy(limits={"maxReplicasPerPool": 3}))).encode()
    for _ in range(2):
        await caller.send(request(body))
        assert json.loads((await caller.answer())[2])["response"]["allowed"]


async def test_requests_behind_one_another_are_answered_in_their_order(caller: Caller) -> None:
    bodies = [json.dumps(review(pool(), uid=f"uid-{number}")).encode() for number in range(6)]
    slow = request(bodies[2], "expect: 100-continue")
    await caller.send(
        request(bodies[0]) + request(bodies[1]) + slow + request(bodies[3]), request(bodies[4]), request(bodies[5])
    )
    uids: list[str] = []
    while len(uids) < 6:
        status, _, body = await caller.answer()
        uids += [json.loads(body)["response"]["uid"]] if status == 200 else []
    assert uids == [f"uid-{number}" for number in range(6)]


@pytest.mark.parametrize(
    ("asked", "want_status"),
    [
        (request(method="GET"), 405),
        (request(path="/validate/"), 404),
        (request(path="/"), 404),
        (request(b"", path="/healthz", method="GET"), 200),
        (b"nonsense\r\n\r\n", 400),
    ],
)
async def test_what_is_no_review_takes_the_other_way(caller: Caller, asked: bytes, want_status: int) -> None:
    await caller.send(asked)
    assert (await caller.answer())[0] == want_status


async def test_an_empty_body_is_answered_too(caller: Caller) -> None:
    await caller.send(request(b""))
    status, _, body = await caller.answer()
    assert (status, json.loads(body)["response"]["status"]["message"]) == (200, "the body is not JSON")


async def test_a_process_that_stops_sends_its_callers_elsewhere(caller: Caller) -> None:
    caller.readiness.stop()
    await caller.send(request())
    status, headers, _ = await caller.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert await caller.reader.read() == b""
