"""Which observer reads which Queue."""

from __future__ import annotations

from collections.abc import Callable

from crds.v1 import QueueSpec
from crds.v1.broker import Broker, Redis
from reconciler.brokers.errors import LayoutNotSupported
from reconciler.brokers.observer import QueueObserver
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import Asks, RedisQueue
from reconciler.brokers.redis_stream import RedisStreamObserver


def supported(broker: Broker) -> Redis:
    """The Redis that a Queue is in; raises where it is somewhere this release cannot look."""
    redis = broker.redis
    if redis is None:
        others = {"RabbitMQ": broker.rabbitmq, "Kafka": broker.kafka, "Prometheus": broker.prometheus}
        named = [kind for kind, settings in others.items() if settings is not None]
        raise LayoutNotSupported(f"{' and '.join(named) or 'such a broker'} cannot be read yet")
    if redis.layout not in ("List", "Stream"):
        raise LayoutNotSupported(f"the layout {redis.layout} cannot be read yet")
    if redis.sentinel is not None or redis.cluster is not None:
        what = "sentinels" if redis.sentinel is not None else "Redis Cluster"
        raise LayoutNotSupported(f"{what} cannot be asked yet: name one server in broker.redis.url")
    return redis


def observer(name: str, spec: QueueSpec, link: Asks, clock: Callable[[], float]) -> QueueObserver:
    """The observer of a Queue called `name`; `clock` gives seconds since the epoch."""
    queue = redis_queue(name, spec)
    if supported(spec.broker).layout == "Stream":
        return RedisStreamObserver(link, queue, clock)
    return RedisListObserver(link, queue, clock)


def redis_queue(name: str, spec: QueueSpec) -> RedisQueue:
    redis = supported(spec.broker)
    return RedisQueue(
        name=spec.queue_name or name,
        key_prefix=redis.key_prefix or "",
        priorities=spec.priorities or (),
        consumer_group=redis.consumer_group or "",
        processing_key=redis.processing_key or "",
        dead_letter=(spec.dead_letter.queue_name if spec.dead_letter else None) or "",
    )
