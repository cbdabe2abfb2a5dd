"""What the worker's container is given by the contract (docs/worker-contract.md, section 1): variables and files.

Values that may change while the worker runs come from the ConfigMap by reference, so that the pod template stays the
same when they change. A worker that follows the configuration file learns of a change at once, a new container reads
the new value; and where the template itself uses a variable, the value belongs to the revision.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from crds import duration, meta
from reconciler.children.blueprint import Blueprint, Source, config_name

CONFIG_FOLDER: Final = "/etc/headgate/config"
CONFIG_FILE: Final = "queues.json"
POD_FOLDER: Final = "/etc/headgate/pod"
DRAIN_FILE: Final = "drain"
BROKER_FOLDER: Final = "/etc/headgate/broker"

QUEUES: Final = "HEADGATE_QUEUES"
CONCURRENCY: Final = "HEADGATE_CONCURRENCY"
MAX_IN_FLIGHT: Final = "HEADGATE_MAX_IN_FLIGHT"
DRAIN_SECONDS: Final = "HEADGATE_DRAIN_SECONDS"

_CONFIG_VOLUME: Final = "headgate-config"
_POD_VOLUME: Final = "headgate-pod"


def changing(blueprint: Blueprint) -> dict[str, str]:
    """The variables whose values may change without a restart."""
    return {
        QUEUES: ",".join(source.queue_name for source in blueprint.sources),
        CONCURRENCY: str(blueprint.effective.get("concurrency")),
        MAX_IN_FLIGHT: str(blueprint.effective.get("maxInFlight")),
        DRAIN_SECONDS: str(drain_seconds(blueprint)),
    }


def drain_seconds(blueprint: Blueprint) -> int:
    """`drain.timeout` in whole seconds."""
    return max(1, round(duration.seconds(blueprint.effective.get("drain.timeout"))))


def variables(blueprint: Blueprint) -> list[dict[str, Any]]:
    """Ours come first, because a variable may only refer to those before it."""
    return [
        _field("HEADGATE_NAMESPACE", "metadata.namespace"),
        _plain("HEADGATE_POOL", blueprint.name),
        _field("HEADGATE_REVISION", f"metadata.labels['{meta.LABEL_REVISION}']"),
        _field("HEADGATE_POD", "metadata.name"),
        _field("HEADGATE_POD_UID", "metadata.uid"),
        *(_configured(name, blueprint) for name in changing(blueprint)),
        _plain("HEADGATE_ADMIN_PORT", str(blueprint.effective.get("drain.adminAPI.port"))),
        _plain("HEADGATE_CONFIG", f"{CONFIG_FOLDER}/{CONFIG_FILE}"),
        _plain("HEADGATE_DRAIN_REQUEST", f"{POD_FOLDER}/{DRAIN_FILE}"),
    ]


def volumes(blueprint: Blueprint) -> list[dict[str, Any]]:
    request = {"path": DRAIN_FILE, "fieldRef": {"fieldPath": f"metadata.annotations['{meta.ANNOTATION_DRAIN}']"}}
    config = {"name": config_name(blueprint.name), "items": [{"key": CONFIG_FILE, "path": CONFIG_FILE}]}
    return [
        {"name": _CONFIG_VOLUME, "configMap": config},
        {"name": _POD_VOLUME, "downwardAPI": {"items": [request]}},
        *(
            {"name": _secret_volume(source), "secret": {"secretName": source.secret}}
            for source in blueprint.sources
            if source.secret
        ),
    ]


def mounts(blueprint: Blueprint) -> list[dict[str, Any]]:
    return [
        _mount(_CONFIG_VOLUME, CONFIG_FOLDER),
        _mount(_POD_VOLUME, POD_FOLDER),
        *(_mount(_secret_volume(source), credentials(source)) for source in blueprint.sources if source.secret),
    ]


def credentials(source: Source) -> str:
    """The folder with the keys of the queue's Secret; empty without one."""
    return f"{BROKER_FOLDER}/{source.name}" if source.secret else ""


def _secret_volume(source: Source) -> str:
    # By name and not by place: a queue more must not move the volumes of the others.
    return f"headgate-broker-{hashlib.sha256(source.name.encode()).hexdigest()[:8]}"


def _plain(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value}


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _configured(name: str, blueprint: Blueprint) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"configMapKeyRef": {"name": config_name(blueprint.name), "key": name}}}


def _mount(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path, "readOnly": True}
