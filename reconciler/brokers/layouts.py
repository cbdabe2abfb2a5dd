"""Which observer reads which Queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from crds.v1 import QueueSpec
from crds.v1.broker import Broker, Redis
from reconciler.brokers.errors import LayoutNotSupported
from reconciler.brokers.libraries.asynq import Asynq
from reconciler.brokers.libraries.bullmq import BullMQ
from reconciler.brokers.libraries.celery import Celery
from reconciler.brokers.libraries.go_redis_work_queue import GoRedisWorkQueue
from reconciler.brokers.libraries.rq import RQ
from reconciler.brokers.libraries.sidekiq import Sidekiq
from reconciler.brokers.library import Layout, LibraryObserver
from reconciler.brokers.observation import Observation
from reconciler.brokers.observer import QueueObserver
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import DUE_SECONDS, Asks, RedisQueue
from reconciler.brokers.redis_stream import RedisStreamObserver

LIBRARIES: Final[Mapping[str, Callable[[RedisQueue], Layout]]] = {
    "Celery": Celery,
    "RQ": RQ,
    "BullMQ": BullMQ,
    "Sidekiq": Sidekiq,
    "Asynq": Asynq,
    "GoRedisWorkQueue": GoRedisWorkQueue,
}


def on_the_web(broker: Broker) -> bool:
    """Whether a Queue is read over HTTP."""
    return broker.prometheus is not None or broker.rabbitmq is not None


def supported(broker: Broker) -> Redis:
    """The Redis that a Queue is in; raises where it is somewhere this release cannot look."""
    redis = broker.redis
    if redis is None:
        raise LayoutNotSupported(f"{'Kafka' if broker.kafka else 'such a broker'} cannot be read yet")
    return redis


def observer(
    name: str, spec: QueueSpec, link: Asks, clock: Callable[[], float], due_seconds: float = DUE_SECONDS
) -> QueueObserver:
    """The observer of a Queue called `name`; `clock` gives seconds since the epoch."""
    return _observer(redis_queue(name, spec, due_seconds), spec, link, clock)


def _observer(queue: RedisQueue, spec: QueueSpec, link: Asks, clock: Callable[[], float]) -> QueueObserver:
    layout = supported(spec.broker).layout
    if layout == "List":
        return RedisListObserver(link, queue, clock)
    if layout == "Stream":
        return RedisStreamObserver(link, queue, clock)
    return LibraryObserver(link, queue, LIBRARIES[layout](queue), clock)


async def observe(queue: RedisQueue, spec: QueueSpec, clock: Callable[[], float], link: Asks) -> Observation:
    """One reading of the Queue with this spec, over any link."""
    return await _observer(queue, spec, link, clock).observe()


def redis_queue(name: str, spec: QueueSpec, due_seconds: float = DUE_SECONDS) -> RedisQueue:
    redis = supported(spec.broker)
    return RedisQueue(
        name=spec.queue_name or name,
        key_prefix=redis.key_prefix or "",
        priorities=spec.priorities or (),
        consumer_group=redis.consumer_group or "",
        processing_key=redis.processing_key or "",
        due_seconds=due_seconds,
        dead_letter=(spec.dead_letter.queue_name if spec.dead_letter else None) or "",
    )
