"""Waits at the brokers for work to come, at most one wait for each source at a time. Takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .outage import BROKER_ERRORS
from .source import Source


class Waiting:
    """`woken` is called when a source may have work.

    Waits that were begun go on; they are cheap and end by themselves.
    """

    def __init__(self, woken: Callable[[], None]) -> None:
        self._woken = woken
        self._tasks: dict[Source, asyncio.Task[None]] = {}

    def begin(self, source: Source) -> None:
        if source not in self._tasks:
            task = self._tasks[source] = asyncio.create_task(self._wait(source), name=f"wait {source.name}")
            task.add_done_callback(lambda _: self._tasks.pop(source, None))

    async def _wait(self, source: Source) -> None:
        try:
            there = await source.at_broker.wait()
        except BROKER_ERRORS:
            # The take that follows meets the same trouble, reports it and waits the longer.
            there = False
        if there:
            self._woken()

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
