"""Status records for tests, as the reference worker writes them."""

from __future__ import annotations

import json
from typing import Any


def record(instance: str = "pod-1.0a1b2c3d", **changes: Any) -> bytes:
    return json.dumps(fields(instance, **changes)).encode()


def fields(instance: str = "pod-1.0a1b2c3d", **changes: Any) -> dict[str, Any]:
    return {
        "instance": instance,
        "pod": instance.partition(".")[0],
        "podUID": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "time": 1_800_000_000.0,
        "state": "Running",
        "fetching": 0,
        "running": 0,
        "held": 0,
        "started": 12,
        "completed": 10,
        "failed": 1,
        "busySeconds": 20.5,
        "serviceSeconds": 20.0,
        "serviceSecondsSq": 44.0,
        "configGeneration": "5f3a9c01d2",
        **changes,
    }
