"""The effective configuration, as the contract's section 2 writes it into `queues.json`.

Pure: text in, frozen values out, and a `ConfigError` that names the field when the text is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ConfigError(Exception):
    """The configuration can't be used; the message names the field."""


class Layout(StrEnum):
    LIST = "List"
    STREAM = "Stream"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket: `jobs` tokens every `per_seconds`, at most `burst` saved up."""

    jobs: int
    per_seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and after how long a failed job runs again."""

    max_retries: int = 3
    initial_seconds: float = 1.0
    max_seconds: float = 30.0
    multiplier: float = 2.0
    jitter_percent: float = 20.0


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue at one broker."""

    name: str
    queue_name: str
    layout: Layout
    url: str
    key_prefix: str = ""
    consumer_group: str = "workers"
    processing_key: str = ""
    credentials: str = ""
    priorities: tuple[str, ...] = ()
    paused: bool = False
    weight: int | None = None
    dead_letter: str = ""
    rate_limit: RateLimit | None = None
    retry: Retry = Retry()

    @property
    def identity(self) -> tuple[str, ...]:
        """What can't change while jobs of the queue are in flight here: where they are and how they are held."""
        return (
            self.name,
            self.queue_name,
            self.layout,
            self.url,
            self.key_prefix,
            self.consumer_group,
            self.processing_key,
            self.credentials,
        )


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the worker follows; `queues` are strictest first, unless they have weights."""

    generation: str
    concurrency: int
    max_in_flight: int
    queues: tuple[QueueConfig, ...]


# These words follow `PQ:` in keys of the worker's own, so a priority of that name would share a key with them.
RESERVED_PRIORITIES = frozenset({"processing", "scheduled", "workers", "rate", "recovery"})


def parse(text: str) -> Config:
    """Reads the file's text; raises ConfigError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not JSON: {error}") from error
    pool = _field(data, "pool", dict, "", {})
    concurrency = int(_number(pool, "concurrency", "pool.", 1, least=1))
    queues = _field(data, "queues", list, "", [])
    parsed = tuple(_queue(queue, f"queues[{i}]") for i, queue in enumerate(queues))
    if len({queue.name for queue in parsed}) < len(parsed):
        raise ConfigError("queues: each name may appear once")
    return Config(
        generation=_field(data, "generation", str, "", ""),
        concurrency=concurrency,
        max_in_flight=max(concurrency, int(_number(pool, "maxInFlight", "pool.", concurrency, least=1))),
        queues=parsed,
    )


def _queue(data: Any, where: str) -> QueueConfig:
    at = where + "."
    name = _field(data, "name", str, at)
    queue_name = _field(data, "queueName", str, at, name)
    prefix = _field(data, "keyPrefix", str, at, "")
    limit = _field(data, "rateLimit", dict, at, None)
    return QueueConfig(
        name=name,
        queue_name=queue_name,
        layout=_layout(data, at),
        url=_field(data, "url", str, at, ""),
        key_prefix=prefix,
        consumer_group=_field(data, "consumerGroup", str, at, "") or "workers",
        processing_key=_field(data, "processingKey", str, at, "") or f"{prefix}{queue_name}:processing",
        credentials=_field(data, "credentials", str, at, ""),
        priorities=_priorities(data, at),
        paused=_field(data, "paused", bool, at, False),
        weight=_weight(data, at),
        dead_letter=_field(data, "deadLetter", str, at, "") or f"{queue_name}:dead",
        rate_limit=None if limit is None else _rate_limit(limit, at + "rateLimit."),
        retry=_retry(_field(data, "retry", dict, at, {}), at + "retry."),
    )


def _layout(data: Mapping[str, Any], at: str) -> Layout:
    value = _field(data, "layout", str, at)
    try:
        return Layout(value)
    except ValueError:
        raise ConfigError(f"{at}layout: {value!r}: this worker reads {' and '.join(Layout)}") from None


def _priorities(data: Mapping[str, Any], at: str) -> tuple[str, ...]:
    values = _field(data, "priorities", list, at, [])
    for value in values:
        if not isinstance(value, str) or not value or value in RESERVED_PRIORITIES:
            raise ConfigError(f"{at}priorities: {value!r} can't be a priority")
    return tuple(values)


def _weight(data: Mapping[str, Any], at: str) -> int | None:
    """Absent where the order of the list is strict."""
    return None if data.get("weight") is None else int(_number(data, "weight", at, least=1))


def _rate_limit(data: Mapping[str, Any], at: str) -> RateLimit:
    jobs = int(_number(data, "jobs", at, least=1))
    return RateLimit(
        jobs=jobs,
        per_seconds=_number(data, "perSeconds", at, least=0.001),
        burst=int(_number(data, "burst", at, jobs, least=1)),
    )


def _retry(data: Mapping[str, Any], at: str) -> Retry:
    return Retry(
        max_retries=int(_number(data, "maxRetries", at, 3)),
        initial_seconds=_number(data, "initialSeconds", at, 1.0),
        max_seconds=_number(data, "maxSeconds", at, 30.0),
        multiplier=_number(data, "multiplier", at, 2.0, least=1),
        jitter_percent=_number(data, "jitterPercent", at, 20.0),
    )


_REQUIRED: Any = object()


def _field(data: Any, name: str, kind: type, at: str, default: Any = _REQUIRED) -> Any:
    """The field's value; null counts as absent, as it does to the API server."""
    if not isinstance(data, dict):
        raise ConfigError(f"{at.rstrip('.') or 'the file'}: must be an object")
    value = data.get(name)
    if value is None:
        if default is _REQUIRED:
            raise ConfigError(f"{at}{name}: required")
        return default
    if not isinstance(value, kind):
        raise ConfigError(f"{at}{name}: {value!r} is not of type {kind.__name__}")
    return value


def _number(data: Any, name: str, at: str, default: Any = _REQUIRED, least: float = 0.0) -> float:
    value = _field(data, name, object, at, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ConfigError(f"{at}{name}: {value!r} must be a number of at least {least:g}")
    return value
