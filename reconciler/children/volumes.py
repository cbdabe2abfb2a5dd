"""What is mounted into the worker: its configuration, the drain request, and the credentials of its brokers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crds import meta
from reconciler.children.environment import BROKER_FOLDER, CONFIG_FOLDER, MARK_FILE, POD_FOLDER, REQUEST_FILE
from reconciler.children.names import Owner

Pairs = list[tuple[dict[str, Any], dict[str, Any]]]


def pairs(owner: Owner, queues: Sequence[Mapping[str, Any]], *, marks: bool = False) -> Pairs:
    """(volume, mount) for each. `queues` are the Queue objects, in the pool's order. `marks` has `headgate-wait` see
    that a drain was given up, beside the request.
    """
    items = [_item(REQUEST_FILE, f"metadata.annotations['{meta.ANNOTATION_DRAIN}']")]
    if marks:
        items.append(_item(MARK_FILE, f"metadata.labels['{meta.LABEL_DRAINED}']"))
    found = [
        _pair("headgate-config", {"configMap": {"name": owner.config_map}}, CONFIG_FOLDER),
        _pair("headgate-pod", {"downwardAPI": {"items": items}}, POD_FOLDER),
    ]
    for number, queue in enumerate(queues):
        if secret := secret_name(queue):
            source = {"secret": {"secretName": secret}}
            found.append(_pair(f"headgate-broker-{number}", source, credentials_folder(queue)))
    return found


def secret_name(queue: Mapping[str, Any]) -> str:
    reference = queue["spec"]["broker"].get("connectionSecretRef") or {}
    return str(reference.get("name", ""))


def credentials_folder(queue: Mapping[str, Any]) -> str:
    """Where a queue's credentials are, or an empty text where it has none."""
    return f"{BROKER_FOLDER}/{queue['metadata']['name']}" if secret_name(queue) else ""


def _item(path: str, field: str) -> dict[str, Any]:
    return {"path": path, "fieldRef": {"fieldPath": field}}


def _pair(name: str, source: dict[str, Any], folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"name": name, **source}, {"name": name, "mountPath": folder, "readOnly": True}
