"""The horizontal pod autoscaler and KEDA on top of it, from their documentation and source, in the same crew.

HPA (Kubernetes 1.36): every 15 s `ceil(metric / target)` for an external metric of type AverageValue; left alone while
the ratio is within 0.1 of 1; by default at most the larger of 4 pods and 100 percent more in 15 s, and no fewer than
the largest recommendation of 300 s. KEDA: the same between 1 and the maximum; from 0 to 1 when a poll every 30 s finds
more than nothing, and to 0 when nothing has been active for a cooldown of 300 s. An error keeps the replicas. Both
leave the victims to the ReplicaSet, which knows nothing of jobs: pods that are not ready first, then the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from headgate.simulation.crew import Crew
from headgate.simulation.laws import Reading
from headgate.simulation.settings import Settings
from reconciler.plans.behavior import Behavior
from reconciler.plans.damping import Window, seeded
from reconciler.plans.history import Change
from reconciler.plans.pacing import kept, paced, tolerated

Metric = Callable[[Sequence[Reading]], int]


def waiting(readings: Sequence[Reading]) -> int:
    """What KEDA's redis-lists scaler reports: LLEN, by one trigger a queue, of which the largest counts."""
    return max(reading.waiting or 0 for reading in readings)


def jobs(readings: Sequence[Reading]) -> int:
    """Waiting and running jobs of all queues, as a custom exporter reports them."""
    return sum((reading.waiting or 0) + (reading.running or 0) for reading in readings)


class HorizontalPodAutoscaler:
    period = 15.0
    drains = False

    def __init__(self, settings: Settings, metric: Metric = jobs, target: float | None = None) -> None:
        self._settings = settings
        self._metric = metric
        self._target = settings.concurrency if target is None else target
        self._behavior = settings.behavior or Behavior()
        self.restart()

    def restart(self) -> None:
        self._window: Window | None = None
        self._changes: tuple[Change, ...] = ()

    def replicas(self, crew: Crew, readings: Sequence[Reading], current: int) -> int:
        own, now = self._settings, crew.now
        window = self._window or seeded(now, current)
        if any(reading.waiting is None for reading in readings):
            return current
        ratio = self._metric(readings) / self._target
        wanted = current if tolerated(self._behavior, current, ratio) else ceil(ratio)
        found = paced(self._behavior, window, self._changes, now, current, wanted)
        found = min(max(found, own.min_replicas), own.max_replicas)
        self._window = window.add(now, wanted, 3600.0)
        moved = (Change(now, found - current),) if found != current else ()
        self._changes = (*kept(self._changes, now), *moved)
        return found


class Keda:
    """redis-lists with listLength 5, as its documentation has it."""

    period = 15.0
    drains = False
    LIST_LENGTH = 5.0
    POLL_SECONDS = 30.0
    COOLDOWN_SECONDS = 300.0

    def __init__(self, settings: Settings) -> None:
        self._autoscaler = HorizontalPodAutoscaler(settings, waiting, self.LIST_LENGTH)
        self._settings = settings
        self._active_at = 0.0
        self._polled_at = -self.POLL_SECONDS

    def restart(self) -> None:
        self._autoscaler.restart()

    def replicas(self, crew: Crew, readings: Sequence[Reading], current: int) -> int:
        if any(reading.waiting is None for reading in readings):
            return current
        if self._settings.min_replicas == 0:
            switched = self._switched(crew.now, waiting(readings), current)
            if switched is not None:
                return switched
        return max(self._autoscaler.replicas(crew, readings, current), min(current, 1))

    def _switched(self, now: float, length: int, current: int) -> int | None:
        """What the operator's own loop between 0 and 1 says; None leaves it to the autoscaler."""
        if now - self._polled_at >= self.POLL_SECONDS:
            self._polled_at = now
            if length > 0:
                self._active_at = now
            if current == 0:
                return int(length > 0)
            if now - self._active_at > self.COOLDOWN_SECONDS:
                return 0
        return 0 if current == 0 else None
