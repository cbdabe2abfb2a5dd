"""How the jobs of a queue are treated, in the words of v1beta1."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from crds.rules import renamed
from crds.v1 import jobs
from crds.v1.base import Model
from crds.v1.jobs import Jobs32
from crds.v1.scalars import Bool, Count64, Dur, Int
from crds.v1beta1.scalars import Multiplier, PerSecond


class RateLimit(Model):
    requests_per_second: PerSecond
    """How many jobs may start in a second, over all workers together; v1 says jobs and per."""
    burst_capacity: Jobs32 | None = None
    """How many jobs may start at once after a quiet time; v1 says burst. Absent: as many as in one period."""
    enabled: Bool | None = None
    """False: there is no limit; v1 leaves rateLimit out. Absent: true."""


class RetryBackoff(Model):
    RULES: ClassVar = tuple(
        renamed(rule, {"initial": "initialDelay", "max": "maxDelay"}) for rule in jobs.Backoff.RULES
    )

    initial_delay: Dur | None = None
    """The wait before the first retry; v1 says initial."""
    max_delay: Dur | None = None
    """The longest wait between two tries; v1 says max."""
    multiplier: Multiplier | None = None
    """Each wait is this many times the one before, 1 to 10."""


class DeadLetterQueue(Model):
    enabled: Bool | None = None
    """Has no effect: where failed jobs go is v1's spec.deadLetter."""
    max_retries: Annotated[Int | None, Field(ge=0, le=100, json_schema_extra={"format": "int32"})] = None
    """How often a failed job is tried again before it becomes a dead letter; v1 says spec.retry.maxRetries."""
    retry_backoff: RetryBackoff | None = None
    """How long a job waits before it is tried again; v1 says spec.retry.backoff."""


class Retention(Model):
    completed_jobs: Dur | None = None
    """How long finished jobs are kept; v1 says completed."""
    failed_jobs: Dur | None = None
    """How long dead letters are kept; v1 says failed."""
    max_jobs: Count64 | None = None
    """How many finished jobs are kept at most."""
