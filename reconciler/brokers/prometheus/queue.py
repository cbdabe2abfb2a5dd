"""One reading of a queue whose numbers are in Prometheus: all its queries side by side.

Prometheus goes on giving a value for five minutes after its last sample. Where a query is a plain selector it also
tells when that sample was taken, and one that nobody has renewed is not believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from crds.v1.broker import PrometheusQueries
from reconciler.brokers import jobtime
from reconciler.brokers.errors import BrokerError, NoData, QueryInvalid
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Method, Observation, Signal, estimated
from reconciler.brokers.prometheus.replies import Value, count, value
from reconciler.brokers.web.client import SECONDS, Client, Page

SAMPLE_SECONDS: Final = 150.0
"""A sample older than this is not believed: scrapes are two minutes apart at most."""
SKEW_SECONDS: Final = 60.0
"""An answer from another time than ours is one that somebody has kept, or by a clock that is wrong."""
_PATH: Final = "/api/v1/query"
_WAITING, _RUNNING, _OLDEST, _WAIT = (
    f"queries.{name}" for name in ("waiting", "running", "oldestJobTime", "waitSeconds")
)
_COUNTS: Final = (_WAITING, _RUNNING)

Answers: TypeAlias = Mapping[str, Value | BrokerError]
"""What came of each query, by its field; the times of samples by `_taken`."""


async def observe(client: Client, queries: PrometheusQueries, clock: Callable[[], float]) -> Observation:
    """`clock` gives seconds since the epoch. Raises `BrokerError` where it cannot be said what waits."""
    asked = {field: query for field, query in _queries(queries).items() if query is not None}
    asked |= {_taken(field): f"timestamp((\n{asked[field]}\n))" for field in _COUNTS if field in asked}
    pages = await asyncio.gather(*(_ask(client, query) for query in asked.values()), return_exceptions=True)
    answers = {field: _value(field, page) for field, page in zip(asked, pages, strict=True)}
    for answer in answers.values():
        if isinstance(answer, BrokerError) and not isinstance(answer, NoData | QueryInvalid):
            raise answer
    return read({field: _present(field, answers, clock()) for field in asked if field in _queries(queries)})


def read(answers: Answers) -> Observation:
    """What the queries' answers say of the queue. Pure."""
    for answer in answers.values():
        if isinstance(answer, QueryInvalid):
            raise answer
    waiting = answers[_WAITING]
    if isinstance(waiting, BrokerError):
        raise waiting
    jobs, running = count(_WAITING, waiting), answers.get(_RUNNING)
    return Observation(
        time=waiting.at,
        waiting=estimated(jobs),
        running=estimated(count(_RUNNING, running)) if isinstance(running, Value) else UNKNOWN_COUNT,
        # Jobs that become due show in what waits, as far as the query counts them.
        due=estimated(0),
        oldest_enqueued=Signal(None, Method.ESTIMATED) if jobs == 0 else _oldest(answers.get(_OLDEST), waiting.at),
        wait=_wait(answers.get(_WAIT)),
        refused=running.message if isinstance(running, BrokerError) else "",
    )


def _queries(queries: PrometheusQueries) -> dict[str, str | None]:
    return {
        _WAITING: queries.waiting,
        _RUNNING: queries.running,
        _OLDEST: queries.oldest_job_time,
        _WAIT: queries.wait_seconds,
    }


def _taken(field: str) -> str:
    """What the time of a query's sample is called."""
    return f"the time of {field}"


async def _ask(client: Client, query: str) -> Page:
    return await client.post(_PATH, {"query": query, "timeout": f"{SECONDS:g}s"})


def _value(field: str, page: Page | BaseException) -> Value | BrokerError:
    if isinstance(page, BrokerError):
        return page
    if isinstance(page, BaseException):
        raise page
    try:
        return value(field, page)
    except BrokerError as error:
        return error


def _present(field: str, answers: Answers, now: float) -> Value | BrokerError:
    """The answer, unless it is not of now. A query that is more than a selector does not tell when its samples are."""
    found, taken = answers[field], answers.get(_taken(field))
    if isinstance(found, BrokerError):
        return found
    if abs(found.at - now) > SKEW_SECONDS:
        return NoData(f"{field}: the answer is over {SKEW_SECONDS:g} s old, or one of the clocks is wrong")
    if isinstance(taken, Value) and found.at - taken.number > SAMPLE_SECONDS:
        return NoData(f"{field}: its newest sample is over {SAMPLE_SECONDS:g} s old")
    return found


def _oldest(found: Value | BrokerError | None, now: float) -> Signal[float]:
    """0 is what exporters tell where nothing waits, and for a moment longer."""
    if not isinstance(found, Value) or found.number == 0:
        return UNKNOWN_TIME
    if not jobtime.plausible(found.number, now):
        raise QueryInvalid(f"{_OLDEST}: gives {found.number:g}, which is no time in seconds since the epoch")
    return estimated(found.number)


def _wait(found: Value | BrokerError | None) -> Signal[float]:
    if not isinstance(found, Value):
        return UNKNOWN_TIME
    if found.number < 0:
        raise QueryInvalid(f"{_WAIT}: gives {found.number:g}, which is no length of time")
    return estimated(found.number)
