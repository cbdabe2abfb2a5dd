"""Dead letters by command: a real API server says which queue it is, a real Redis holds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from headgate.cli import main
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane

Call = Callable[..., Result]


@pytest.fixture
def broker(redis_server: str) -> Iterator[Any]:
    with Redis.from_url(redis_server) as client:
        for number in (1, 2):
            letter = {"id": f"job-{number}", "attempts": 4, "error": "ValueError: no", "diedIn": "orders"}
            client.lpush("orders:dead", json.dumps(letter))
        client.lpush("orders:dead", json.dumps({"id": None, "raw": "x", "error": "not JSON", "diedIn": "orders"}))
        yield client


@pytest.fixture
def call(kinds: Cluster, namespace: str, redis_server: str, broker: Any) -> Call:
    for name, spec in {"orders": {"management": "Manage"}, "watched": {}}.items():
        queue = {"broker": {"redis": {"url": "redis://redis.shop.svc:6379/0", "layout": "List"}}, **spec}
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": "work.headgate.dev/v1", "kind": "Queue", "metadata": metadata, "spec": queue}
        kinds.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    address = redis_server.rpartition("@")[2].removeprefix("redis://").partition("/")[0]

    def called(*arguments: str, address: str = address) -> Result:
        where = ("-n", namespace, "--kubeconfig", str(kinds.kubeconfig), "--address", address)
        return CliRunner().invoke(main, ["dlq", *arguments, *where])

    return called


def test_a_list_says_which_job_and_why(call: Call) -> None:
    shown = call("list", "hq/orders")
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines() == [
        "hq/orders: 3 dead letters",
        "JOB     DIED IN   RUNS   WHY",
        "job-1   orders    4      ValueError: no",
        "job-2   orders    4      ValueError: no",
        "-       orders    -      not JSON",
    ]
    assert [one["id"] for one in json.loads(call("list", "hq/orders", "-o", "json").output)] == ["job-1", "job-2", None]


def test_without_yes_it_is_only_counted(call: Call, broker: Any) -> None:
    told = call("redrive", "hq/orders")
    assert told.exit_code == 0, told.output
    want = "hq/orders: would redrive 2 of 3, 1 no job; --yes does it, and --limit bounds it"
    assert told.output.splitlines()[-1] == want
    assert broker.llen("orders:dead") == 3


def test_redrive_and_purge(call: Call, broker: Any) -> None:
    told = call("redrive", "hq/orders", "--yes", "--limit=1").output.splitlines()[-1]
    assert told == "hq/orders: 1 redriven, 1 no job"
    (back,) = broker.lrange("orders", 0, -1)
    assert json.loads(back).keys() == {"id", "enqueuedAt"}
    assert call("purge", "hq/orders", "--yes").output.splitlines()[-1] == "hq/orders: 2 purged"
    assert broker.llen("orders:dead") == 0
    assert broker.llen("orders") == 1


@pytest.mark.parametrize(
    ("arguments", "want_words"),
    [
        pytest.param(("purge", "hq/watched"), "spec.management is Observe", id="a broker that is only observed"),
        pytest.param(("redrive", "hq/none"), '"none" not found', id="no such queue"),
        pytest.param(("list", "wp/orders"), "is not of the form hq/NAME", id="a pool"),
    ],
)
def test_what_cannot_be_done(call: Call, arguments: tuple[str, ...], want_words: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert want_words in result.output


def test_a_broker_that_is_not_there_is_said(call: Call) -> None:
    result = call("list", "hq/orders", address="127.0.0.1:1")
    assert result.exit_code == 2
    assert "127.0.0.1:1" in result.output
