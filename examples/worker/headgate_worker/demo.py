"""The built-in handler of demonstrations and tests: sleeps as long as the job says, fails as often as it says,
and writes what happened into the run's ledger.

A job is {"id", "seconds": 0.5, "fail": 2, "ledger": "key"}: it fails in its first two runs. The ledger is a
stream at the queue's broker, whose entry ids are times by the broker's clock.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from .handlers import Run
from .persist import until_answered

MAX_SECONDS = 24 * 3600.0


class PlannedError(Exception):
    """The failure the job asked for."""


async def handle(job: Mapping[str, Any], run: Run) -> None:
    """Runs one demo job; raises PlannedError in the runs that are to fail."""
    token = secrets.token_hex(8)

    async def note(event: str) -> None:
        await _note(job, run, event, token)

    await note("started")
    await asyncio.sleep(min(MAX_SECONDS, max(0.0, float(job.get("seconds", 0)))))
    if run.attempt <= int(job.get("fail", 0)):
        await note("failed")
        raise PlannedError(f"run {run.attempt} of {job['fail']} that fail")
    await note("done")


async def _note(job: Mapping[str, Any], run: Run, event: str, token: str) -> None:
    """Appends to the ledger, however long the broker is away: a run nobody noted would look like a lost one.

    An answer that gets lost makes it append twice, so the token says which run it was.
    """
    ledger = job.get("ledger")
    if not isinstance(ledger, str) or not ledger:
        return
    fields = ("event", event, "id", str(job["id"]), "instance", run.instance, "attempt", run.attempt, "run", token)
    await until_answered("ledger", lambda: run.broker.command("XADD", ledger, "*", *fields))
