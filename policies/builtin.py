"""The built-in defaults: what holds where neither the object nor a policy says anything.

They are never stored. Those that depend on other fields are computed in `policies.effective`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ORIGIN: Final = "built-in"

QUEUE: Final[Mapping[str, Any]] = {
    "retry": {"maxRetries": 3, "backoff": {"initial": "1s", "max": "30s", "multiplier": "2", "jitterPercent": 20}},
    "drainTimeout": "30m",
}

CIRCUIT_BREAKER: Final[Mapping[str, Any]] = {
    "circuitBreaker": {"window": "1m", "minSamples": 20, "cooldown": "30s", "halfOpenProbes": 1}
}
"""Only where a failurePercent is set; without one there is no breaker."""

DEAD_LETTER_DELETION: Final[Mapping[str, str]] = {"Manage": "Block", "Observe": "Retain"}
"""`deadLetter.deletionPolicy` by `management`."""

POOL: Final[Mapping[str, Any]] = {
    "workload": {"type": "Deployment"},
    "concurrency": 1,
    "scaling": {"minReplicas": 1},
    "drain": {"onTimeout": "Wait", "method": "Auto", "adminAPI": {"port": 8079, "path": "/"}, "guard": "Deletes"},
    "rollout": {"maxSurge": "25%", "maxUnavailable": 0, "onLatencyBreach": "Continue", "onFailure": "Pause"},
    "priority": 0,
}

WAIT_PERCENTILE: Final = 95
FALLBACK_AFTER: Final = "10m"
DRAIN_TIMEOUT_SECONDS: Final = 600.0
DRAIN_MARGIN_SECONDS: Final = 60.0
"""Room for the job that was fetched last, beyond the longest job of the pool's queues."""
PROGRESS_DEADLINE_SECONDS: Final = 600.0
PROGRESS_STARTUPS: Final = 3
