"""When a broker gives a job that nobody acknowledged to the next worker, as far as the Queue says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from policies import bounds
from policies.fields import mapping, text

CELERY: Final = "Celery"
VISIBILITY_TIMEOUT: Final = "1h"
"""Celery's own default of `broker_transport_options`."""
CONSUMER_TIMEOUT: Final = "30m"
"""RabbitMQ's own default of `consumer_timeout`."""


class Redelivery(NamedTuple):
    """The setting's name, its value, whose default that is ("" where the Queue says it), and where it is set."""

    name: str
    text: str
    default_of: str
    where: str

    @property
    def seconds(self) -> float:
        return bounds.seconds(self.text) or 0.0

    def __str__(self) -> str:
        return f"{self.name} {self.text}{f' ({self.default_of} default)' if self.default_of else ''}"


def redelivery(spec: Mapping[str, Any]) -> Redelivery | None:
    """None where the broker waits for ever, or where nothing is known about it."""
    broker = mapping(spec, "broker")
    if not broker:
        return None
    if text(broker, "redis", "layout") == CELERY:
        own = text(broker, "redis", "visibilityTimeout")
        return Redelivery("visibilityTimeout", own or VISIBILITY_TIMEOUT, "" if own else CELERY, CELERY)
    if "rabbitmq" in broker:
        own = text(broker, "rabbitmq", "consumerTimeout")
        return Redelivery("consumerTimeout", own or CONSUMER_TIMEOUT, "" if own else "RabbitMQ", "RabbitMQ")
    return None
