"""The one thing an adapter for a broker has to do."""

from __future__ import annotations

from typing import Protocol

from reconciler.brokers.observation import Observation


class QueueObserver(Protocol):
    async def observe(self) -> Observation:
        """The queue's signals now, in at most two round trips; raises `BrokerError`, never anything else."""
        ...
