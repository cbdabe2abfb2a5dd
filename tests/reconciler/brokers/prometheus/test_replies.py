"""What answers of a Prometheus API mean, and of what pretends to be one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reconciler.brokers.errors import AddressInvalid, BrokerError, BrokerUnreachable, NoData, QueryInvalid, ReplyInvalid
from reconciler.brokers.prometheus import queue
from reconciler.brokers.prometheus.replies import Value, value
from reconciler.brokers.web.client import Page

NOW = 1_800_000_000.0
HISTOGRAM = {"metric": {}, "histogram": [NOW, {"count": "3", "sum": "4"}]}


def vector(*results: Any, **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "vector", "result": list(results)}, **more}


def number(text: Any, at: Any = NOW) -> dict[str, Any]:
    return {"metric": {}, "value": [at, text]}


@pytest.mark.parametrize(
    ("status", "body", "kind", "want"),
    [
        pytest.param(200, b"<html>", ReplyInvalid, "is none of a Prometheus API", id="a page"),
        pytest.param(200, b"[]", ReplyInvalid, "is none of a Prometheus API", id="another kind of JSON"),
        pytest.param(200, b'{"status": "success"}', ReplyInvalid, "no result in the answer", id="nothing in it"),
        pytest.param(200, vector({"metric": {}, "value": [NOW]}), ReplyInvalid, "no value", id="half a value"),
        pytest.param(200, vector(number(None)), ReplyInvalid, "its value is no number", id="null"),
        pytest.param(200, vector(number("1", "soon")), ReplyInvalid, "its value is no number", id="at no time"),
        pytest.param(404, b"404 page not found", AddressInvalid, "no Prometheus API at", id="another path"),
        pytest.param(
            200,
            vector(number("1"), warnings=["store gateway-1 did not answer"]),
            NoData,
            "only a part is known: store gateway-1 did not answer",
            id="a part of the truth",
        ),
        pytest.param(200, vector(HISTOGRAM), QueryInvalid, "gives a histogram", id="a histogram"),
        pytest.param(
            500,
            {"status": "error", "errorType": "internal", "error": "disk full"},
            BrokerUnreachable,
            "disk full",
            id="trouble of its own",
        ),
    ],
)
def test_what_is_no_answer(status: int, body: Any, kind: type[BrokerError], want: str) -> None:
    page = Page(status, body if isinstance(body, bytes) else orjson.dumps(body))
    with pytest.raises(kind, match=want):
        value("queries.waiting", page)


WAITING = {"queries.waiting": Value(3, NOW)}


@pytest.mark.parametrize(
    ("answers", "want"),
    [
        pytest.param({"queries.oldestJobTime": Value(NOW * 1000, NOW)}, "no time in seconds", id="milliseconds"),
        pytest.param({"queries.waitSeconds": Value(-1, NOW)}, "no length of time", id="before it came"),
        pytest.param({"queries.running": Value(1e300, NOW)}, "no number of jobs", id="more than can be"),
    ],
)
def test_numbers_that_cannot_be(answers: dict[str, Value], want: str) -> None:
    with pytest.raises(QueryInvalid, match=want):
        queue.read(WAITING | answers)


def test_nothing_waits_so_nothing_is_oldest() -> None:
    seen = queue.read({"queries.waiting": Value(0, NOW), "queries.oldestJobTime": NoData("nothing")})
    assert (seen.oldest_age, seen.oldest_enqueued.method) == (0.0, "Estimated")


def test_an_exporter_that_lags_tells_no_oldest_job() -> None:
    seen = queue.read(WAITING | {"queries.oldestJobTime": Value(0, NOW)})
    assert seen.oldest_age is None


def test_the_wait_is_unknown_where_nothing_has_started() -> None:
    assert queue.read(WAITING | {"queries.waitSeconds": NoData("gives NaN")}).wait.value is None
