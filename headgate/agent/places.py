"""The queues of the worker's configuration file (docs/worker-contract.md, section 2), as far as an agent needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Broker:
    """One database of one server. `credentials` is the folder of its files, or empty."""

    url: str
    credentials: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One queue at its broker."""

    broker: Broker
    layout: str
    queue: str
    prefix: str = ""

    @property
    def records(self) -> str:
        """The hash in which workers keep their records."""
        return f"{self.prefix}{self.queue}:workers"


@dataclass(frozen=True, slots=True)
class Configuration:
    generation: str
    places: tuple[Place, ...]


def configuration(text: str) -> Configuration:
    """Raises ValueError for what is no configuration."""
    try:
        content = json.loads(text)
        return Configuration(str(content["generation"]), tuple(map(_place, content["queues"])))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no configuration: {error!r}") from error


def _place(queue: Mapping[str, Any]) -> Place:
    broker = Broker(queue["url"], queue.get("credentials", ""))
    return Place(broker, queue["layout"], queue["queueName"], queue.get("keyPrefix", ""))
