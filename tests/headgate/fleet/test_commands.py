"""The commands on a real API server: what they write, what they print, how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane

Call = Callable[..., Result]

MANIFESTS = """
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {name: orders}
spec: {broker: {redis: {url: "redis://redis.shop.svc:6379/0", layout: List}}}
---
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata: {name: w}
spec: {queues: [{name: orders}], image: "a/b:1", scaling: {maxReplicas: 4}}
"""


@pytest.fixture
def call(kinds: Cluster, namespace: str) -> Call:
    kinds.kubectl("-n", namespace, "apply", "-f", "-", stdin=MANIFESTS)

    def called(*arguments: str) -> Result:
        where = ("-n", namespace, "--kubeconfig", str(kinds.kubeconfig))
        return CliRunner().invoke(main, [arguments[0], *where, *arguments[1:]])

    return called


@pytest.fixture
def spec(kinds: Cluster, namespace: str) -> Callable[[str], Any]:
    return lambda name: json.loads(kinds.kubectl("-n", namespace, "get", name, "-o", "json"))["spec"]


def test_a_hold_and_its_release(call: Call, spec: Callable[[str], Any]) -> None:
    held = call("hold", "wp/w", "--replicas=2", "--reason=nightly load")
    assert (held.exit_code, held.output) == (0, "wp/w: held at 2\n")
    assert spec("wp/w")["hold"] == {"replicas": 2, "reason": "nightly load"}
    assert call("hold", "wp/w", "--replicas=2", "--reason=nightly load").output == "wp/w: nothing to do\n"
    assert call("release", "wp/w").output == "wp/w: hold of 2 lifted\n"
    assert "hold" not in spec("wp/w")


def test_pause_and_resume(call: Call, spec: Callable[[str], Any]) -> None:
    for name in ("wp/w", "hq/orders"):
        assert call("pause", name).output == f"{name}: paused\n"
        assert spec(name)["paused"] is True
        assert call("resume", name).output == f"{name}: pause lifted\n"
        assert not spec(name).get("paused")


def test_a_drain_holds_at_nothing_and_says_when_it_is_not_over_in_time(call: Call, spec: Callable[[str], Any]) -> None:
    result = call("drain", "wp/w", "--timeout=1s")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "wp/w: held at 0",
        "wp/w: waiting for the reconciler to see it",
        "wp/w: not drained after 1 s; the drain goes on",
    ]
    assert spec("wp/w")["hold"] == {"replicas": 0, "reason": "headgate drain"}


def test_a_drain_ends_with_the_last_worker(kinds: Cluster, namespace: str, call: Call) -> None:
    patch = json.dumps({"status": {"observedGeneration": 2, "replicas": 0}})
    kinds.kubectl("-n", namespace, "patch", "wp/w", "--subresource=status", "--type=merge", "-p", patch)
    result = call("drain", "wp/w", "--timeout=30s")
    assert result.exit_code == 0
    assert "`headgate resume wp/w` starts it again" in result.output


DECIDED = {
    "desiredReplicas": 5,
    "summary": "starts orders within 10s (p95)",
    "decision": {
        "time": "2026-11-25T20:15:00Z",
        "from": 2,
        "to": 5,
        "boundBy": "Demand",
        "steps": [{"name": "Queue", "replicas": 5, "message": "orders: wait p95 10s needs 19 slots"}],
    },
}


@pytest.mark.parametrize("words", [("wp/w",), ("workerpool", "w")], ids=" ".join)
def test_a_decision_is_explained_as_a_bill(kinds: Cluster, namespace: str, call: Call, words: tuple[str, ...]) -> None:
    assert call("explain", *words).output == "w: nothing has been decided yet\n"
    patch = json.dumps({"status": {"observedGeneration": 1, **DECIDED}})
    kinds.kubectl("-n", namespace, "patch", "wp/w", "--subresource=status", "--type=merge", "-p", patch)
    told = call("explain", *words)
    assert (told.exit_code, told.output.splitlines()) == (
        0,
        [
            "w: 5 replicas (+3) since 2026-11-25T20:15:00Z: starts orders within 10s (p95)",
            "     5  orders: wait p95 10s needs 19 slots",
            "     5  binding: asked for",
        ],
    )
    assert json.loads(call("explain", *words, "-o", "json").output) == DECIDED["decision"]


def test_nothing_is_explained_of_what_is_not_there(call: Call) -> None:
    missing = call("explain", "workerpool", "nobody")
    assert missing.exit_code == 2
    assert "nobody" in missing.output


def test_status_shows_pools_and_queues(call: Call) -> None:
    shown = call("status")
    assert [line.split()[0] for line in shown.output.splitlines() if line] == ["NAME", "w", "NAME", "orders"]
    assert json.loads(call("status", "-o", "json").output)["queues"][0]["metadata"]["name"] == "orders"
    assert "not looked at yet" in call("status", "wp/w").output


@pytest.mark.parametrize(
    ("arguments", "want_code", "want_words"),
    [
        pytest.param(("hold", "wp/none", "--replicas=1"), 2, '"none" not found', id="no such pool"),
        pytest.param(("hold", "hq/orders", "--replicas=1"), 2, "is not of the form wp/NAME", id="a hold of a queue"),
        pytest.param(("hold", "wp/w", "--replicas=1", "--for=soon"), 2, "--for", id="no duration"),
        pytest.param(("release",), 2, "say what to release", id="release of nothing"),
        pytest.param(("release", "wp/w", "--install"), 2, "say what to release", id="release of both"),
        pytest.param(("status", "wp/w", "-A"), 2, "leave -A out", id="one object of all namespaces"),
    ],
)
def test_what_cannot_be_done(call: Call, arguments: tuple[str, ...], want_code: int, want_words: str) -> None:
    result = call(*arguments)
    assert result.exit_code == want_code
    assert want_words in result.output
