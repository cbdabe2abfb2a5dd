"""Where a queue's jobs live: the broker, how to reach it, and how the worker library lays its jobs out there."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.rules import Rule
from crds.v1 import broker_rules
from crds.v1.base import Model
from crds.v1.lists import SET
from crds.v1.scalars import Bool, BrokerName, DNSSubdomain, Form, HostPort, PositiveDur, SecretKey, ShortText

BrokerType = Literal["Redis", "RabbitMQ", "Kafka", "Prometheus"]
RedisLayout = Literal["List", "Stream", "Celery", "RQ", "BullMQ", "Sidekiq", "Asynq", "GoRedisWorkQueue"]

Addresses = Annotated[tuple[HostPort, ...], Field(min_length=1, max_length=32), SET]
# All printable characters but @, which would set credentials apart.
RedisURL = Annotated[
    str,
    Field(pattern=r"^rediss?://[!-?A-~]+$", max_length=1024),
    Form("URL", "must be redis://host:port/database or rediss://..., without user and password"),
]
AmqpURL = Annotated[
    str,
    Field(pattern=r"^amqps?://[!-?A-~]+$", max_length=1024),
    Form("URL", "must be amqp://host:port or amqps://..., without user and password"),
]
HttpURL = Annotated[
    str,
    Field(pattern=r"^https?://[!-?A-~]+$", max_length=1024),
    Form("URL", "must be http://host:port or https://..., without user and password"),
]
KeyPrefix = Annotated[str, Field(pattern="^[!-~]*$", max_length=255), Form("prefix", "must not contain spaces")]
Query = Annotated[str, Field(min_length=1, max_length=4096)]


class SecretRef(Model):
    name: DNSSubdomain
    """Name of a Secret in the same namespace."""


class SecretKeyRef(Model):
    name: DNSSubdomain
    """Name of a Secret in the same namespace."""
    key: SecretKey
    """The key in that Secret."""


class TLS(Model):
    RULES: ClassVar = (broker_rules.TLS_ONE_WAY,)

    ca_secret_ref: SecretKeyRef | None = None
    """The certificate authority that signed the broker's certificate, in PEM. Absent: `ca.crt` of the connection
    Secret, else the authorities of the image."""
    client_cert_secret_ref: SecretRef | None = None
    """A Secret of type kubernetes.io/tls whose certificate is shown to the broker. Absent: `tls.crt` and `tls.key` of
    the connection Secret, else none."""
    server_name: Annotated[str | None, Field(max_length=253)] = None
    """The name the broker's certificate must carry. Absent: the host that is connected to."""
    insecure_skip_verify: Bool | None = None
    """True: take any certificate. For trying things out only; it lets anyone on the path read jobs and passwords."""


class Sentinel(Model):
    master_name: ShortText
    """The name under which the sentinels know the primary."""
    addresses: Addresses
    """The sentinels, as host:port."""


class RedisCluster(Model):
    addresses: Addresses
    """Some nodes of the cluster, as host:port; the others are found through them."""


class Redis(Model):
    RULES: ClassVar = broker_rules.REDIS

    layout: RedisLayout
    """How the worker library keeps its jobs in Redis: List and Stream are plain Redis lists and streams, the others are
    the libraries of that name. Cannot be changed: the jobs of the old layout would be forgotten."""
    url: RedisURL | None = None
    """`redis://host:port/database`, or `rediss://` for TLS, without user and password: those belong into the Secret of
    connectionSecretRef. Wins over an address in that Secret."""
    key_prefix: KeyPrefix | None = None
    """Put before every key the queue uses. Absent: the layout's own default. Cannot be changed."""
    consumer_group: BrokerName | None = None
    """The consumer group that works the stream off. Layout Stream only. Absent: `workers`."""
    processing_key: BrokerName | None = None
    """Workers keep the jobs they hold in `<processingKey>:<instance>`. Layout List only. Absent:
    `<queueName>:processing`."""
    visibility_timeout: PositiveDur | None = None
    """How long Celery waits before it delivers an unacknowledged job again; must be the value of the application's
    `broker_transport_options`. Layout Celery only. Absent: 1h, Celery's own default."""
    sentinel: Sentinel | None = None
    """Find the primary through sentinels. Excludes url and cluster."""
    cluster: RedisCluster | None = None
    """Talk to a Redis Cluster. Excludes url and sentinel."""


class RabbitMQ(Model):
    RULES: ClassVar = (broker_rules.VHOST_FIXED,)

    url: AmqpURL | None = None
    """`amqp://host:port`, or `amqps://` for TLS, without user, password and vhost. Wins over an address in the
    connection Secret."""
    management_url: Annotated[HttpURL | None, Field(alias="managementURL")] = None
    """Address of the management API, through which queues are read. Absent: port 15672 of the broker's host, 15671 with
    TLS."""
    vhost: BrokerName | None = None
    """The virtual host the queue lives in. Absent: `/`. Cannot be changed."""
    consumer_timeout: PositiveDur | None = None
    """The broker's `consumer_timeout`: it closes the channel of a consumer that holds a job for longer. Only used to
    warn about jobs that may take longer. Absent: 30m, the broker's own default."""


class Kafka(Model):
    bootstrap_servers: Addresses
    """Some brokers of the cluster, as host:port."""
    topic: Annotated[BrokerName, broker_rules.FIXED]
    """The topic the jobs are in. Cannot be changed."""
    consumer_group: Annotated[BrokerName, broker_rules.FIXED]
    """The consumer group whose lag is the backlog. Cannot be changed."""


class PrometheusQueries(Model):
    waiting: Query
    """PromQL; its single value is the number of jobs that wait."""
    running: Query | None = None
    """PromQL; its single value is the number of jobs being run. Absent: unknown, so pools grow and never shrink."""
    oldest_job_time: Query | None = None
    """PromQL; its single value is the time the oldest waiting job came in, in seconds since the epoch."""
    wait_seconds: Query | None = None
    """PromQL; its single value is the time jobs wait between enqueue and start, in seconds. It is shown as `waitP95`;
    replicas do not follow it."""


class Prometheus(Model):
    url: HttpURL
    """Address of the Prometheus API, without credentials; `/api/v1/query` is put behind it."""
    queries: PrometheusQueries
    """How the backlog is read."""


class Broker(Model):
    RULES: ClassVar[tuple[Rule, ...]] = broker_rules.BROKER

    type: BrokerType | None = None
    """The kind of broker. May be left out, for exactly one of redis, rabbitmq, kafka and prometheus is set; when given
    it must name that one."""
    connection_secret_ref: SecretRef | None = None
    """A Secret with the keys `url`, `uri` or `connection_string`, or `host`, `port`, `username`, `password`; for TLS
    `ca.crt`, `tls.crt`, `tls.key`; for sentinels with a login of their own `sentinelUsername` and `sentinelPassword`.
    It must carry the label `headgate.dev/broker-credentials: "true"`: without it
    nothing of the Secret is sent anywhere."""
    tls: TLS | None = None
    """How the broker's certificate is checked. Absent: by the authorities of the image, where the URL asks for TLS."""
    redis: Redis | None = None
    """The queue is in Redis (or Valkey)."""
    rabbitmq: RabbitMQ | None = None
    """The queue is in RabbitMQ."""
    kafka: Kafka | None = None
    """The queue is a Kafka topic."""
    prometheus: Prometheus | None = None
    """The queue is somewhere else; its backlog is read from Prometheus. Nothing can be managed there."""
