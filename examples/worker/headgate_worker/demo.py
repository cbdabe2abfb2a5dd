"""The built-in handler of demonstrations and tests: sleeps as long as the job says, fails as often as it says,
and writes what happened into the run's ledger.

A job is {"id", "seconds": 0.5, "fail": 2, "ledger": "key"}: it fails in its first two runs. The ledger is a
stream at the queue's broker, whose entry ids are times by the broker's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from .handlers import Run
from .persist import until_answered

MAX_SECONDS = 24 * 3600.0


class PlannedError(Exception):
    """The failure the job asked for."""


async def handle(job: Mapping[str, Any], run: Run) -> None:
    """Runs one demo job; raises PlannedError in the runs that are to fail."""
    await _note(job, run, "started")
    await asyncio.sleep(min(MAX_SECONDS, max(0.0, float(job.get("seconds", 0)))))
    if run.attempt <= int(job.get("fail", 0)):
        await _note(job, run, "failed")
        raise PlannedError(f"run {run.attempt} of {job['fail']} that fail")
    await _note(job, run, "done")


async def _note(job: Mapping[str, Any], run: Run, event: str) -> None:
    """Appends to the ledger, however long the broker is away: a run nobody noted would look like a lost one."""
    ledger = job.get("ledger")
    if not isinstance(ledger, str) or not ledger:
        return
    fields = ("event", event, "id", str(job["id"]), "instance", run.instance, "attempt", run.attempt)
    await until_answered("ledger", lambda: run.broker.command("XADD", ledger, "*", *fields))
