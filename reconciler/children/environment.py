"""The variables that docs/worker-contract.md promises to the container `worker`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from crds import duration
from policies.effective import Effective
from reconciler.children.names import Owner

CONFIG_FOLDER: Final = "/etc/headgate/config"
CONFIG_FILE: Final = "queues.json"
POD_FOLDER: Final = "/etc/headgate/pod"
REQUEST_FILE: Final = "drain"
MARK_FILE: Final = "drained"
BROKER_FOLDER: Final = "/etc/headgate/broker"
ADMIN_PORT: Final = "HEADGATE_ADMIN_PORT"
DRAIN_SECONDS: Final = "HEADGATE_DRAIN_SECONDS"
REVISION: Final = "HEADGATE_REVISION"


def drain_seconds(effective: Effective) -> int:
    return max(1, round(duration.seconds(effective.get("drain.timeout"))))


def variables(owner: Owner, queue_names: Sequence[str], effective: Effective) -> list[dict[str, Any]]:
    """All but HEADGATE_REVISION, which is a digest of these too. They come first, so that users' can refer to them."""
    values = {
        "HEADGATE_NAMESPACE": owner.namespace,
        "HEADGATE_POOL": owner.name,
        "HEADGATE_QUEUES": ",".join(queue_names),
        "HEADGATE_CONCURRENCY": effective.get("concurrency"),
        "HEADGATE_MAX_IN_FLIGHT": effective.get("maxInFlight"),
        DRAIN_SECONDS: drain_seconds(effective),
        ADMIN_PORT: effective.get("drain.adminAPI.port"),
        "HEADGATE_CONFIG": f"{CONFIG_FOLDER}/{CONFIG_FILE}",
        "HEADGATE_DRAIN_REQUEST": f"{POD_FOLDER}/{REQUEST_FILE}",
    }
    fields = {"HEADGATE_POD": "metadata.name", "HEADGATE_POD_UID": "metadata.uid"}
    return [
        *({"name": name, "value": str(value)} for name, value in values.items()),
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()),
    ]
