"""From a whole object to the small view of it that the snapshot keeps.

Only what rules ask of *other* objects is kept, so that 5,000 objects fit in a few megabytes: no templates, no
environment, no status, no managed fields. Strings that repeat (names, namespaces, label keys) are interned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from sys import intern
from typing import Any, Final

from crds import meta
from policies.brokers import place
from policies.fields import integer, items, mapping, text
from policies.snapshot import PolicyView, PoolView, QueueView
from policies.timeouts import CELERY

MAX_LABELS: Final = 64
"""Labels kept of one object. More than that is no use of labels anybody selects by, and would be unbounded memory."""

_METADATA_KEPT: Final = ("name", "namespace", "uid", "generation", "labels", "deletionTimestamp")
_QUEUE_KEPT: Final = ("maxJobDuration", "priorities")
_POOL_KEPT: Final = ("hold", "takeOver")
_SCALING_KEPT: Final = ("minReplicas", "maxReplicas", "fallback")
POOL_KNOWN: Final = (
    *(("metadata", key) for key in ("namespace", "name", "labels")),
    *(("spec", key) for key in _POOL_KEPT),
    *(("spec", "scaling", key) for key in _SCALING_KEPT),
)
"""Paths of a WorkerPool that its view has whole."""
_BROKERS: Final = ("redis", "rabbitmq", "kafka", "prometheus")


def queue_view(obj: Mapping[str, Any]) -> QueueView:
    spec = mapping(obj, "spec")
    name = intern(text(obj, "metadata", "name"))
    broker = next((member for member in _BROKERS if member in mapping(spec, "broker")), "")
    kept = _kept(spec, _QUEUE_KEPT)
    if layout := text(spec, "broker", "redis", "layout"):
        kept["layout"] = intern(layout)
    if timeouts := _timeouts(mapping(spec, "broker")):
        kept["broker"] = timeouts
    namespace, queue_name = intern(text(obj, "metadata", "namespace")), text(spec, "queueName") or name
    dead = text(spec, "deadLetter", "queueName")
    return QueueView(
        namespace=namespace,
        name=name,
        queue_name=queue_name,
        broker=broker,
        place=place(namespace, mapping(spec, "broker"), queue_name),
        dead_letters=place(namespace, mapping(spec, "broker"), dead) if dead else "",
        labels=_labels(obj),
        spec=kept,
    )


def pool_view(obj: Mapping[str, Any]) -> PoolView:
    spec = mapping(obj, "spec")
    kept = _kept(spec, _POOL_KEPT)
    if scaling := _kept(mapping(spec, "scaling"), _SCALING_KEPT):
        kept["scaling"] = scaling
    return PoolView(
        namespace=intern(text(obj, "metadata", "namespace")),
        name=intern(text(obj, "metadata", "name")),
        queues=tuple(intern(text(item, "name")) for _, item in items(spec, "queues")),
        leaving="deletionTimestamp" in mapping(obj, "metadata"),
        labels=_labels(obj),
        spec=kept,
    )


def policy_view(kind: str, obj: Mapping[str, Any]) -> PolicyView:
    return PolicyView(
        kind=kind,
        namespace=text(obj, "metadata", "namespace"),
        name=text(obj, "metadata", "name"),
        uid=text(obj, "metadata", "uid"),
        generation=integer(obj, "metadata", "generation") or 0,
        spec=mapping(obj, "spec"),
    )


def namespace_view(obj: Mapping[str, Any]) -> Mapping[str, str]:
    return _labels(obj)


def trimmed(kind: str, obj: Mapping[str, Any]) -> dict[str, Any]:
    """A plain object of which its view can still be made, without most of the rest: what is kept of a long list."""
    metadata = _kept(mapping(obj, "metadata"), _METADATA_KEPT)
    spec = mapping(obj, "spec")
    match kind:
        case meta.QUEUE.kind:
            return {"metadata": metadata, "spec": _kept(spec, (*_QUEUE_KEPT, "queueName", "deadLetter", "broker"))}
        case meta.WORKER_POOL.kind:
            scaling = _kept(mapping(spec, "scaling"), _SCALING_KEPT)
            return {"metadata": metadata, "spec": _kept(spec, (*_POOL_KEPT, "queues")) | {"scaling": scaling}}
        case _:
            return {"metadata": metadata, "spec": spec}


def _timeouts(broker: Mapping[str, Any]) -> dict[str, Any]:
    """What `policies.timeouts` reads of a broker; nothing where it would find nothing."""
    found: dict[str, Any] = {}
    if text(broker, "redis", "layout") == CELERY:
        found["redis"] = _kept(mapping(broker, "redis"), ("layout", "visibilityTimeout"))
    if "rabbitmq" in broker:
        found["rabbitmq"] = _kept(mapping(broker, "rabbitmq"), ("consumerTimeout",))
    return found


def _kept(spec: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: spec[key] for key in keys if key in spec}


def _labels(obj: Mapping[str, Any]) -> Mapping[str, str]:
    labels = islice(mapping(obj, "metadata", "labels").items(), MAX_LABELS)
    return {intern(key): intern(value) for key, value in labels if isinstance(value, str)}
