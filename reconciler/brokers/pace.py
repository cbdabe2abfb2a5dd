"""How often it makes sense to read a broker: what it tells is no newer than its own last count. Pure."""

from __future__ import annotations

from typing import Final

from crds.v1.broker import Broker

COUNTED_SECONDS: Final = 5.0
"""RabbitMQ counts so often, and a Prometheus scrapes less often still."""


def least_seconds(broker: Broker) -> float:
    """Between two readings; 0 for a broker whose answers are of the moment."""
    return 0.0 if broker.redis is not None else COUNTED_SECONDS
