"""How the jobs of a queue are treated: their rate, their retries, the circuit breaker, what is kept afterwards.

Policies may default every one of these, so none has a schema default.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds import duration, quantity
from crds.rules import Rule, Rules
from crds.v1.base import Model
from crds.v1.scalars import BrokerName, Count64, Dur, Int, Percent, PositiveDur, Quantity

DeadLetterDeletion = Literal["Block", "Retain", "Purge"]

Jobs32 = Annotated[Int, Field(ge=1, le=2_147_483_647, json_schema_extra={"format": "int32"})]

ONE_TO_TEN = Rule(
    cel="quantity(string(self)).compareTo(quantity('1')) >= 0 && quantity(string(self)).compareTo(quantity('10')) <= 0",
    message="must be between 1 and 10",
    holds=lambda self: 1 <= quantity.parse(self) <= 10,
)


class RateLimit(Model):
    jobs: Jobs32
    """How many jobs may start in each period, over all workers of the queue together."""
    per: PositiveDur
    """The length of the period."""
    burst: Jobs32 | None = None
    """How many jobs may start at once after a quiet time. Absent: as many as jobs."""


class Backoff(Model):
    RULES: ClassVar = (
        Rule(
            cel="!has(self.initial) || !has(self.max) || duration(self.initial) <= duration(self.max)",
            message="must not be longer than max, {max}",
            holds=lambda self: (
                "initial" not in self
                or "max" not in self
                or duration.milliseconds(self["initial"]) <= duration.milliseconds(self["max"])
            ),
            field="initial",
        ),
    )

    initial: Dur | None = None
    """The wait before the first retry. Absent: what a Policy says, else 1s."""
    max: Dur | None = None
    """The longest wait between two tries. Absent: what a Policy says, else 30s."""
    multiplier: Annotated[Quantity | None, Rules((ONE_TO_TEN,))] = None
    """Each wait is this many times the one before, 1 to 10; write fractions as text, `"1.5"`. Absent: what a Policy
    says, else 2."""
    jitter_percent: Annotated[Int | None, Field(ge=0, le=100, json_schema_extra={"format": "int32"})] = None
    """By how many percent each wait is shortened at random, so that retries do not come all at once. Absent: what a
    Policy says, else 20."""


class Retry(Model):
    max_retries: Annotated[Int | None, Field(ge=0, le=100, json_schema_extra={"format": "int32"})] = None
    """How often a failed job is tried again before it becomes a dead letter. 0: never. Absent: what a Policy says,
    else 3."""
    backoff: Backoff | None = None
    """How long a job waits before it is tried again."""


class CircuitBreaker(Model):
    """While the breaker is open, workers take no new job of this queue and the queue counts as no demand."""

    failure_percent: Percent | None = None
    """The breaker opens when at least this share of the jobs in the window failed. Absent: what a Policy says, else the
    breaker never opens."""
    window: PositiveDur | None = None
    """The time over which failures are counted. Absent: what a Policy says, else 1m."""
    min_samples: Annotated[Int | None, Field(ge=1, le=100_000, json_schema_extra={"format": "int32"})] = None
    """The breaker stays closed while fewer jobs than this ended in the window. Absent: what a Policy says, else 20."""
    cooldown: PositiveDur | None = None
    """How long the breaker stays open before a few jobs are tried. Absent: what a Policy says, else 30s."""
    half_open_probes: Annotated[Int | None, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] = None
    """How many jobs are tried after the cooldown; when all succeed the breaker closes. Absent: what a Policy says,
    else 1."""


class Retention(Model):
    completed: Dur | None = None
    """How long finished jobs and their results are kept. Absent: what a Policy says, else as the library does."""
    failed: Dur | None = None
    """How long dead letters are kept. Absent: what a Policy says, else for ever."""
    max_jobs: Count64 | None = None
    """How many finished jobs are kept at most; the oldest go first. Absent: what a Policy says, else no bound."""


class DeadLetter(Model):
    queue_name: BrokerName | None = None
    """Where jobs go that failed for good, as the broker names it. Absent: the library's own place, for plain lists and
    streams `<queueName>:dead`."""
    alert_above: Count64 | None = None
    """The condition DeadLettersPresent turns True above this number. Absent: 0."""
    deletion_policy: DeadLetterDeletion | None = None
    """What becomes of the dead letters when this Queue is deleted. Block: the deletion is refused while there are any.
    Retain: they stay at the broker. Purge: they are deleted, which needs management Manage. Absent: Block under Manage,
    Retain under Observe."""
