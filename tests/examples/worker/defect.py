"""A handler that breaks the worker around it, as a defect of the worker's own would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate_worker import jobs
from headgate_worker.handlers import Run


async def handle(_: Mapping[str, Any], __: Run) -> None:
    def broken(job: jobs.Job, priority: str) -> jobs.Job:
        raise RuntimeError("a defect in the worker")

    jobs.failed = broken
    raise ValueError("fails, so that the worker marks it")
