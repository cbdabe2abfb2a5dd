"""Queue: jobs of one kind at a broker, and how they are to be treated."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.v1 import queue_rules
from crds.v1.base import Model
from crds.v1.broker import Broker
from crds.v1.jobs import CircuitBreaker, DeadLetter, RateLimit, Retention, Retry
from crds.v1.lists import ATOMIC
from crds.v1.names import NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.queue_status import QueueStatus
from crds.v1.scalars import Bool, BrokerName, PositiveDur, Priority

Management = Literal["Observe", "Manage"]
QueueDeletion = Literal["Retain", "Drain", "Purge"]

Priorities = Annotated[tuple[Priority, ...], Field(min_length=1, max_length=16), ATOMIC, queue_rules.DISTINCT]


class QueueSpec(Model):
    RULES: ClassVar = queue_rules.SPEC

    queue_name: BrokerName | None = None
    """The queue's name at the broker. Absent: metadata.name. The resulting name cannot be changed; status shows it."""
    management: Management = "Observe"
    """Observe: Headgate reads the broker and never writes to it. Manage: it may set limits, retention, dead-letter
    wiring and pause there. Queues and exchanges are never declared in either mode. Absent: Observe."""
    paused: Bool = False
    """True: workers take no new job, producers are not affected, and the queue counts as no demand. Absent: false."""
    priorities: Priorities | None = None
    """Names of priorities, high to low; each is a queue of its own at the broker. Layouts List, Stream and
    GoRedisWorkQueue only. Absent: one queue without priorities."""
    max_job_duration: PositiveDur | None = None
    """The longest a job may take. Drains wait for it, and shorter timeouts of broker or drain are warned about.
    Absent: unknown; drains wait 10m."""
    broker: Broker
    """Where the jobs are."""
    rate_limit: RateLimit | None = None
    """The most jobs the whole queue may start in a period; no replicas are added beyond what it allows. Absent: what a
    Policy says, else no limit."""
    retry: Retry | None = None
    """How often and when a failed job is tried again. Inherited field by field from Policies."""
    circuit_breaker: CircuitBreaker | None = None
    """Stops taking jobs while too many of them fail. Inherited field by field from Policies. Absent: off."""
    retention: Retention | None = None
    """How long jobs are kept after their end. Inherited field by field from Policies."""
    dead_letter: DeadLetter | None = None
    """Where jobs go that failed for good."""
    deletion_policy: QueueDeletion = "Retain"
    """What happens to waiting jobs when this Queue is deleted. Retain: they stay at the broker. Drain: the deletion
    waits until they are worked off, at most drainTimeout. Purge: they are deleted, which needs management Manage.
    Absent: Retain."""
    drain_timeout: PositiveDur | None = None
    """How long the deletion waits under Drain; afterwards the Queue goes and the rest stays at the broker. Absent:
    30m."""


class Queue(Model):
    """Jobs of one kind at a broker. Workers are declared by WorkerPools that name it."""

    RULES: ClassVar = queue_rules.ROOT
    NAME: ClassVar = NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: QueueSpec
    """What is wanted."""
    status: QueueStatus | None = None
    """What is observed. Written by Headgate."""
