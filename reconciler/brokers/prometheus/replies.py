"""What an instant query has answered: one present number, or why there is none. Pure.

Nothing is read into an answer: no series, several, NaN and what is only partly known are errors and never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any, Final

import orjson

from reconciler.brokers.errors import AddressInvalid, BrokerUnreachable, NoData, QueryInvalid, ReplyInvalid
from reconciler.brokers.web.client import Page

MOST_JOBS: Final = 2**53
"""Beyond it a floating-point number does not tell two numbers of jobs apart."""
_OF_THE_QUERY: Final = ("bad_data", "execution")
"""The errors that somebody has to change the query for; all others are the server's."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number as it was at `at`, in seconds since the epoch by the server's clock."""

    number: float
    at: float


def value(field: str, page: Page) -> Value:
    """The one value that the query in `field` gives; raises `BrokerError` for anything else."""
    data = _data(field, page)
    kind, result = data.get("resultType"), data.get("result")
    if not isinstance(result, list):
        raise ReplyInvalid(f"{field}: no result in the answer")
    if kind == "vector":
        if not result:
            raise NoData(f"{field}: no series answers to it")
        if len(result) > 1:
            raise QueryInvalid(f"{field}: several series answer to it, and one is needed: sum() them, or name one")
        result = result[0].get("value") if isinstance(result[0], dict) else None
        if result is None:
            raise QueryInvalid(f"{field}: gives a histogram, and a number is needed")
    elif kind != "scalar":
        raise QueryInvalid(f"{field}: gives a {kind}, and one number is needed")
    return _value(field, result)


def count(field: str, found: Value) -> int:
    """A number of jobs. What is extrapolated is rounded up: a part of a job is one that has to be run."""
    if not 0 <= found.number <= MOST_JOBS:
        raise QueryInvalid(f"{field}: gives {found.number:g}, which is no number of jobs")
    return ceil(found.number)


def _data(field: str, page: Page) -> dict[str, Any]:
    try:
        answer = orjson.loads(page.body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or answer.get("status") not in ("success", "error"):
        if page.status == 404:
            raise AddressInvalid("there is no Prometheus API at broker.prometheus.url (404)")
        raise ReplyInvalid(f"{field}: the answer ({page.status}) is none of a Prometheus API")
    if answer["status"] == "error":
        kind = QueryInvalid if answer.get("errorType") in _OF_THE_QUERY else BrokerUnreachable
        # Behind it may come the series in question, each time in another order.
        raise kind(f"{field}: {str(answer.get('error')).partition(': [')[0]}")
    if warnings := answer.get("warnings"):
        first = warnings[0] if isinstance(warnings, list) else warnings
        raise NoData(f"{field}: only a part is known: {first}")
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _value(field: str, pair: object) -> Value:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ReplyInvalid(f"{field}: no value in the answer")
    at, text = pair
    try:
        number, moment = float(text), float(at)
    except (TypeError, ValueError):
        raise ReplyInvalid(f"{field}: its value is no number") from None
    if not isfinite(number) or not isfinite(moment):
        raise NoData(f"{field}: gives {text}")
    return Value(number, moment)
