"""Queries to a real Prometheus, which scrapes what the tests serve."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from crds.v1.broker import PrometheusQueries
from reconciler.brokers.errors import BrokerError, NoData, QueryInvalid
from reconciler.brokers.observation import Observation, estimated
from reconciler.brokers.prometheus import queue
from reconciler.brokers.prometheus.address import site_of
from reconciler.brokers.web.client import Client
from tests.cluster import prometheus, state
from tests.reconciler.brokers.conftest import LIMITS
from tests.waiting import eventually

OLD_SECONDS = 200
"""As old as a sample may be for Prometheus, but not for us."""
OLDEST = int(time.time()) - 30
METRICS = """
queue_waiting{queue="orders"} 41
queue_waiting{queue="emails"} 2
queue_running{queue="orders"} 4
queue_wait{queue="orders"} 1.25
queue_below -3
queue_nothing NaN
"""


def metrics() -> str:
    """At this moment: in a long run an hour may lie between the import of this module and its tests."""
    pushed = f"queue_pushed 7 {int((time.time() - OLD_SECONDS) * 1000)}"
    return f'{METRICS}queue_oldest{{queue="orders"}} {OLDEST}\n{pushed}\n'


class Exporter:
    """What is served at /metrics, until `gone`."""

    def __init__(self) -> None:
        self.gone = False
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(503 if exporter.gone else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(metrics().encode())

            def log_message(self, *_: Any) -> None:
                """Nothing: the tests' output is not a log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.target = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def exporter() -> Iterator[Exporter]:
    exporter = Exporter()
    yield exporter
    exporter.close()


@pytest.fixture(scope="module")
def url(servers: state.State, exporter: Exporter) -> Iterator[str]:
    with prometheus.running(servers, exporter.target) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    """Of a Prometheus that has scraped."""
    client = Client(site_of(url, None, None), LIMITS, time.monotonic)
    await eventually("a first scrape", lambda: found(client, "queue_waiting{queue='orders'}"), _is_read, 20)
    yield client
    await client.close()


async def found(client: Client, waiting: str, **others: str) -> Observation | BrokerError:
    queries = PrometheusQueries.model_validate({"waiting": waiting, **others})
    try:
        return await queue.observe(client, queries, time.time)
    except BrokerError as error:
        return error


def _is_read(seen: Observation | BrokerError) -> bool:
    return isinstance(seen, Observation)


async def test_all_that_can_be_asked_for(client: Client) -> None:
    seen = await found(
        client,
        'queue_waiting{queue="orders"} # with a comment',
        running='sum(queue_running{queue="orders"})',
        oldestJobTime='queue_oldest{queue="orders"}',
        waitSeconds='queue_wait{queue="orders"}',
    )
    assert isinstance(seen, Observation), seen
    assert (seen.waiting, seen.running) == (estimated(41), estimated(4))
    assert (seen.oldest_enqueued, seen.wait) == (estimated(float(OLDEST)), estimated(1.25))
    assert abs(seen.time - time.time()) < 5
    assert not seen.unclear
    assert seen.methods == {
        "waiting": "Estimated",
        "running": "Estimated",
        "scheduled": "Unknown",
        "deadLetters": "Unknown",
    }


async def test_what_is_not_asked_for_is_unknown(client: Client) -> None:
    seen = await found(client, "sum(queue_waiting)")
    assert isinstance(seen, Observation), seen
    assert seen.waiting == estimated(43)
    assert seen.running.value is None
    assert seen.unclear


@pytest.mark.parametrize(
    ("query", "kind", "want"),
    [
        pytest.param("no_such_metric", NoData, "no series answers to it", id="nothing"),
        pytest.param("queue_nothing", NoData, "gives NaN", id="no number"),
        pytest.param("vector(1) / 0", NoData, "gives +Inf", id="more than any number"),
        pytest.param("queue_pushed", NoData, "its newest sample is over 150 s old", id="an old sample"),
        pytest.param(
            "queue_waiting",
            QueryInvalid,
            "several series answer to it, and one is needed: sum() them, or name one",
            id="several series",
        ),
        pytest.param("queue_below", QueryInvalid, "gives -3, which is no number of jobs", id="less than nothing"),
        pytest.param("queue_waiting[1m]", QueryInvalid, "gives a matrix, and one number is needed", id="a range"),
        pytest.param('"many"', QueryInvalid, "gives a string, and one number is needed", id="a text"),
        pytest.param("sum(queue_waiting", QueryInvalid, "unclosed left parenthesis", id="no PromQL"),
        pytest.param(
            "queue_waiting * on() queue_waiting", QueryInvalid, "found duplicate series for the match", id="no sense"
        ),
    ],
)
async def test_what_is_no_number_of_jobs(client: Client, query: str, kind: type[BrokerError], want: str) -> None:
    error = await found(client, query)
    assert isinstance(error, kind), error
    assert error.message.startswith("queries.waiting: ")
    assert want in error.message
    running = await found(client, "sum(queue_waiting)", running=query)
    if kind is QueryInvalid:
        assert isinstance(running, QueryInvalid), "a mistake is told, whichever query it is in"
    else:
        assert isinstance(running, Observation), running
        assert running.running.value is None
        assert want in running.refused


async def test_a_number_that_is_computed(client: Client) -> None:
    seen = await found(client, "3 + 4.2", running="scalar(sum(queue_running))")
    assert isinstance(seen, Observation), seen
    assert (seen.waiting, seen.running) == (estimated(8), estimated(4)), "a part of a job has to be run too"


async def test_a_source_that_is_gone_is_not_empty(client: Client, exporter: Exporter) -> None:
    exporter.gone = True
    try:
        error = await eventually(
            "its series to end",
            lambda: found(client, "queue_waiting{queue='orders'}"),
            lambda seen: not _is_read(seen),
            20,
        )
    finally:
        exporter.gone = False
    assert isinstance(error, NoData), error
