"""Who is asked to leave a node that is to be emptied, and who stays until others serve in its place. Pure.

Asked all at once, idle workers would stop taking jobs together, and a pool that has no others would serve nobody until
their successors have started. So they leave as workers of an old revision do: within `rollout.maxSurge` others are
started first, and no more are asked at a time than the pool can do without. Those that serve nobody are asked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.plans.child import Pod
from reconciler.plans.removal import by_progress
from reconciler.plans.rollout import Bounds

LEAST_PATIENCE: Final = 30.0
MOST_PATIENCE: Final = 600.0


@dataclass(frozen=True, slots=True)
class Evacuation:
    """`held` are the uids of those that are not asked yet, `surge` how many workers are to be started beside them."""

    held: frozenset[str] = frozenset()
    surge: int = 0


AT_ONCE: Final = Evacuation()


def evacuation(leaving: Sequence[Pod], pods: Sequence[Pod], limits: Bounds, wanted: int) -> Evacuation:
    """`leaving` are those of the pool's pods that are to leave their node and have not been asked yet."""
    serving = [pod for pod in pods if serves(pod)]
    spare = max(0, len(serving) - max(0, wanted - limits.unavailable))
    held = by_progress([pod for pod in leaving if serves(pod)])[spare:]
    return Evacuation(frozenset(pod.uid for pod in held), min(limits.surge, len(leaving)) if wanted else 0)


def serves(pod: Pod) -> bool:
    """Whether the pool would miss it."""
    return pod.active and pod.runs and pod.ready and pod.request is None


def patience(startup: float) -> float:
    """For how many seconds the same workers are held back: long enough for others to start, twice."""
    return min(max(2 * startup, LEAST_PATIENCE), MOST_PATIENCE)
