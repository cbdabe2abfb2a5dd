"""Authorities that change every few seconds under a real API server that calls a webhook all the while."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import uvicorn

from certs.authority import KeyPair
from certs.inject import Outcome, inject
from certs.rotation import Lifetimes, Seen, Step, next_step, take
from certs.serving import LiveContext
from kube.client import Client
from kube.errors import ApiError
from kube.resources import CONFIG_MAPS, VALIDATING_WEBHOOKS

NAMES = ("localhost",)
LIFETIMES = Lifetimes(timedelta(seconds=12), timedelta(seconds=12), timedelta(seconds=1.5))
LATE_SECONDS = 0.7
"""How long after a new leaf was stored the replica loads it."""
TURNS = 3


async def allow(scope: Any, receive: Any, send: Any) -> None:
    """Allows every review, and lets the API server come back over a new connection each time."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    review = orjson.loads(body)
    answer = {**review, "request": None, "response": {"uid": review["request"]["uid"], "allowed": True}}
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(answer)})


@asynccontextmanager
async def webhook(live: LiveContext) -> AsyncIterator[int]:
    """uvicorn with the live context, as the product runs it."""
    settings = uvicorn.Config(allow, lifespan="off", log_config=None, ssl_context_factory=lambda *_: live.context)
    server = uvicorn.Server(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def configuration(name: str, namespace: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": VALIDATING_WEBHOOKS.api_version,
        "kind": VALIDATING_WEBHOOKS.kind,
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "rotation.test.headgate.dev",
                "clientConfig": {"url": f"https://localhost:{port}/validate"},
                "rules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
                ],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


class Rotation:
    """The leader and one replica, in memory: the Secret is a dict, the replica loads its leaf late."""

    def __init__(self, client: Client, name: str, live: LiveContext) -> None:
        self.client, self.name, self.live = client, name, live
        self.data: dict[str, bytes] = {}
        self.steps: Counter[Step] = Counter()

    async def run(self) -> None:
        injected, since = b"", datetime.now(UTC)
        while self.steps[Step.DROP_OLD] < TURNS:
            now = datetime.now(UTC)
            verdict = next_step(self.data, NAMES, now, LIFETIMES, Seen(now - since, ""))
            self.steps[verdict.step] += 1
            self.data = take(verdict.step, self.data, NAMES, now, LIFETIMES)
            outcome = await inject(self.client, VALIDATING_WEBHOOKS, self.name, self.data["ca.crt"])
            assert outcome is not Outcome.MISSING
            if injected != self.data["ca.crt"]:
                injected, since = self.data["ca.crt"], datetime.now(UTC)
            leaf = KeyPair(self.data["tls.crt"], self.data["tls.key"])
            asyncio.get_running_loop().call_later(LATE_SECONDS, self.live.offer, leaf)
            await asyncio.sleep(0.1)


@pytest.mark.control_plane
async def test_no_call_fails_while_authorities_and_leaves_change(client: Client, namespace: str) -> None:
    live, name = LiveContext(), f"rotation-{namespace}"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "called"}}
    answers: Counter[str] = Counter()
    async with webhook(live) as port:
        await client.create(VALIDATING_WEBHOOKS, configuration(name, namespace, port))
        try:
            rotation = Rotation(client, name, live)
            turning = asyncio.create_task(rotation.run())
            first_answer, deadline = False, time.monotonic() + 90
            while not turning.done() and time.monotonic() < deadline:
                try:
                    await client.create(CONFIG_MAPS, config_map, namespace, dry_run=True)
                    first_answer = True
                    answers["allowed"] += 1
                except ApiError as error:
                    # Before the first injection has arrived everywhere, calls fail as they should.
                    answers[str(error) if first_answer else "not injected yet"] += 1
            turning.cancel()
        finally:
            await client.delete(VALIDATING_WEBHOOKS, name)
    assert rotation.steps[Step.DROP_OLD] == TURNS, rotation.steps
    assert rotation.steps[Step.NEW_AUTHORITY] == 1, rotation.steps
    assert set(answers) <= {"allowed", "not injected yet"}, answers
    assert answers["allowed"] > 200, answers
    print(f"{answers['allowed']} calls over new connections, {TURNS} changes of authority, none failed")
