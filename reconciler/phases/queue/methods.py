"""How each number of a Queue is known: counted, estimated, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.brokers.observation import Method
from reconciler.brokers.records import NOTHING_TOLD
from reconciler.brokers.sight import Sight
from reconciler.plans.flow import LONG_SECONDS

FLOWING = ("waitP95", "latencyP95", "serviceTime", "arrivalsPerMinute", "completionsPerMinute")
"""What follows from how jobs come and go."""


def methods(sight: Sight | None, latency: float | None) -> Mapping[str, Method]:
    """By the names of status; while the broker may have failed over all are unknown. `latency` is worked out once a
    pass.
    """
    if sight is None or sight.readable is None:
        return {}
    found = {name: Method(text) for name, text in sight.readable.methods.items()}
    found |= {"oldestJobTime": sight.oldest.method} if sight.flow is not None else {}
    found |= _flowing(sight, latency)
    return dict.fromkeys(found, Method.UNKNOWN) if sight.doubt is not None else found


def _flowing(sight: Sight, latency: float | None) -> Mapping[str, Method]:
    """A time that no worker tells is worked out from what runs and what ends."""
    flow, counted = sight.flow, sight.counted
    if flow is None:
        return dict.fromkeys(FLOWING, Method.UNKNOWN)
    workers_tell = counted.told is not NOTHING_TOLD
    known = {
        "waitP95": (sight.wait.value, sight.wait.method),
        "latencyP95": (latency, Method.ESTIMATED),
        "serviceTime": (sight.service, Method.EXACT if workers_tell else Method.ESTIMATED),
        "arrivalsPerMinute": (flow.arrivals(LONG_SECONDS), counted.arrived.method),
        "completionsPerMinute": (flow.completions(LONG_SECONDS), counted.completed.method),
    }
    return {name: Method.UNKNOWN if value is None else method for name, (value, method) in known.items()}
