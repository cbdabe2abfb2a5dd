"""The one thing an adapter for a broker has to do, and what readings of many queues are asked and told by."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from crds.v1 import QueueSpec
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation

Place: TypeAlias = tuple[str, str, QueueSpec, float]
"""Namespace, name and spec of a Queue, and how soon scheduled jobs have to be due to be counted, in seconds."""
Found: TypeAlias = Observation | BrokerError


class QueueObserver(Protocol):
    async def observe(self) -> Observation:
        """The queue's signals now, in at most two round trips; raises `BrokerError`, never anything else."""
        ...
