"""Queue in v1beta1."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.findings import Reason
from crds.rules import Rule, renamed
from crds.v1 import broker_rules, queue_rules
from crds.v1.base import Model
from crds.v1.broker import SecretKeyRef
from crds.v1.lists import SET
from crds.v1.names import NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.queue_status import QueueStatus
from crds.v1.scalars import Bool, BrokerName, HostPort
from crds.v1beta1.jobs import DeadLetterQueue, RateLimit, Retention
from crds.v1beta1.scalars import Database

PriorityWord = Literal["critical", "high", "medium", "low"]
Addresses = Annotated[tuple[HostPort, ...], Field(min_length=1, max_length=32), SET]


class TLS(Model):
    RULES: ClassVar = (renamed(broker_rules.TLS_ONE_WAY, {"caSecretRef": "caSecret"}),)

    enabled: Bool | None = None
    """True: connect by TLS; v1 says so by the scheme `rediss://`."""
    ca_secret: SecretKeyRef | None = None
    """The certificate authority that signed the broker's certificate; v1 says broker.tls.caSecretRef."""
    insecure_skip_verify: Bool | None = None
    """True: take any certificate. For trying things out only."""


class Redis(Model):
    RULES: ClassVar = (
        Rule(
            cel="has(self.addresses) || has(self.passwordSecret)",
            message="say where the broker is: set addresses",
            holds=lambda self: "addresses" in self or "passwordSecret" in self,
            field="addresses",
            reason=Reason.REQUIRED,
        ),
    )

    addresses: Addresses | None = None
    """The server, as host:port; several are the nodes of a Redis Cluster. v1 says broker.redis.url or cluster."""
    database: Database | None = None
    """The number of the database; a Redis Cluster has only one."""
    password_secret: SecretKeyRef | None = None
    """The Secret with the password; v1 says broker.connectionSecretRef and reads the key `password`. It must carry the
    label `headgate.dev/broker-credentials: "true"`."""
    tls: TLS | None = None
    """How the connection is protected."""


class QueueSpec(Model):
    RULES: ClassVar = (
        Rule(
            cel="has(self.redis) == has(oldSelf.redis)",
            message="the kind of broker cannot be changed: make a new Queue",
            holds=lambda self, old: ("redis" in self) == ("redis" in old),
            field="redis",
            reason=Reason.FORBIDDEN,
        ),
    )

    name: BrokerName | None = None
    """The queue's name at the broker; v1 says queueName. Absent: metadata.name. Cannot be changed."""
    priority: PriorityWord | None = None
    """Has no effect: v1 orders queues in the WorkerPool that works them off."""
    rate_limit: RateLimit | None = None
    """The most jobs the whole queue may start."""
    dead_letter_queue: DeadLetterQueue | None = None
    """How often and when a failed job is tried again."""
    retention: Retention | None = None
    """How long jobs are kept after their end."""
    redis: Redis | None = None
    """Where the jobs are, in the layout GoRedisWorkQueue unless v1 said another. Absent: as v1 has it, which knows more
    kinds of brokers."""


class Queue(Model):
    """Jobs of one kind at a broker, in the words of v1beta1. Deprecated: use v1."""

    RULES: ClassVar = (renamed(queue_rules.NAME_FIXED, {"spec.queueName": "spec.name"}),)
    NAME: ClassVar = NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: QueueSpec
    """What is wanted."""
    status: QueueStatus | None = None
    """What is observed. Written by Headgate."""
