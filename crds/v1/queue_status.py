"""What Headgate knows about a queue. Numbers that change fast are written at most every 30 s."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.condition import Conditions, Effective
from crds.v1.scalars import BrokerName, Count64, Dur, Time

Method = Literal["Exact", "Estimated", "Unknown"]
Enforcer = Literal["Broker", "Worker", "None"]


class Methods(Model):
    """How each number is known. Unknown is not zero: while a signal is Unknown no pool shrinks because of it."""

    waiting: Method | None = None
    """How the number of waiting jobs is known."""
    running: Method | None = None
    """How the number of running jobs is known."""
    scheduled: Method | None = None
    """How the number of scheduled jobs is known."""
    dead_letters: Method | None = None
    """How the number of dead letters is known."""
    oldest_job_time: Method | None = None
    """How the age of the oldest job is known."""
    wait_p95: Annotated[Method | None, Field(alias="waitP95")] = None
    """How the waiting time is known."""
    latency_p95: Annotated[Method | None, Field(alias="latencyP95")] = None
    """How the time from being enqueued to the end is known."""
    service_time: Method | None = None
    """How the time a job runs is known."""
    arrivals_per_minute: Method | None = None
    """How the arrivals are known."""
    completions_per_minute: Method | None = None
    """How the completions are known."""


class EnforcedBy(Model):
    """Who makes each setting come true; None: nobody, the setting has no effect with this layout."""

    rate_limit: Enforcer | None = None
    """Who keeps the rate limit."""
    retry: Enforcer | None = None
    """Who tries failed jobs again."""
    retention: Enforcer | None = None
    """Who removes old jobs."""
    dead_letter: Enforcer | None = None
    """Who sets failed jobs aside."""
    pause: Enforcer | None = None
    """Who stops the intake."""


class QueueStatus(Model):
    observed_generation: Count64 | None = None
    """The generation of the spec this status is about."""
    queue_name: BrokerName | None = None
    """The queue's name at the broker."""
    observed_time: Time | None = None
    """When the broker was last read."""
    waiting: Count64 | None = None
    """Jobs that wait to be started. Absent: unknown."""
    running: Count64 | None = None
    """Jobs that workers hold. Absent: unknown."""
    scheduled: Count64 | None = None
    """Jobs that are due later, retries included. Absent: unknown."""
    dead_letters: Count64 | None = None
    """Jobs that failed for good. Absent: unknown."""
    oldest_job_time: Time | None = None
    """When the oldest waiting job came in. Absent: none waits, or unknown."""
    wait_p95: Annotated[Dur | None, Field(alias="waitP95")] = None
    """Of the jobs started lately, 95 of 100 waited no longer than this."""
    latency_p95: Annotated[Dur | None, Field(alias="latencyP95")] = None
    """Of the jobs lately, 95 of 100 took no longer than this from being enqueued to their end: an estimate, from waits
    and from how long jobs run."""
    service_time: Dur | None = None
    """The mean time a job runs, over the last 5 to 30 minutes."""
    arrivals_per_minute: Count64 | None = None
    """Jobs that came in, per minute."""
    completions_per_minute: Count64 | None = None
    """Jobs that ended, per minute."""
    methods: Methods | None = None
    """How each of these numbers is known."""
    enforced_by: EnforcedBy | None = None
    """Who makes each setting come true."""
    effective: Effective | None = None
    """The settings in force that the spec leaves open, by field path, with who set them."""
    conditions: Conditions | None = None
    """Ready, Reconciling, Stalled, ConfigApplied, DeadLettersPresent, Draining, PolicyCompliant."""
