"""The laws to compare, as the plant asks them: each says now and then how many replicas it wants, and how they go."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from headgate.simulation.meter import Meter
from headgate.simulation.plant import Plant
from headgate.simulation.settings import Settings
from reconciler.plans import history
from reconciler.plans.decision import ReplicaDecision
from reconciler.plans.facts import DEFAULT_STARTUP_SECONDS, PoolFacts, QueueFacts
from reconciler.plans.flow import LONG_SECONDS, MIDDLE_SECONDS, SHORT_SECONDS
from reconciler.plans.replicas import decide


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be read of the queue now: None is unreadable, and without `firm` the numbers are a lower bound."""

    waiting: int | None
    running: int | None
    firm: bool = True


class Law(Protocol):
    period: float
    """Seconds between two looks."""
    drains: bool
    """Whether pods finish what they run before they go; otherwise the newest are killed."""

    def replicas(self, plant: Plant, reading: Reading, current: int) -> int: ...

    def restart(self) -> None:
        """Forget what is only in memory."""


class Headgate:
    """The reconciler's law, its measuring included."""

    period = 2.0
    drains = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.restart()

    def restart(self) -> None:
        self._meter = Meter()
        self._history: history.History | None = None
        self._seen = False

    def replicas(self, plant: Plant, reading: Reading, current: int) -> int:
        if reading.waiting is None:
            self._meter.blind(plant)
        else:
            self._meter.read(plant)
        return self.decision(plant, reading, current).to

    def decision(self, plant: Plant, reading: Reading, current: int) -> ReplicaDecision:
        facts = self._facts(plant, reading, current)
        earlier = self._history or history.seeded(plant.now, current)
        decision, self._history = decide(facts, earlier, plant.now)
        return decision

    def _facts(self, plant: Plant, reading: Reading, current: int) -> PoolFacts:
        own, serving = self._settings, plant.serving
        ready = [pod for pod in serving if pod.ready]
        known = own.known_startup if own.known_startup is not None else self._meter.startups.measured
        return PoolFacts(
            now=plant.now,
            current=current,
            queues=(self._queue(reading),),
            max_replicas=own.max_replicas,
            min_replicas=own.min_replicas,
            concurrency=own.concurrency,
            jobs_per_replica=own.jobs_per_replica,
            startup_seconds=DEFAULT_STARTUP_SECONDS if known is None else known,
            percentile=own.percentile,
            catch_up_seconds=own.catch_up,
            ready_slots=len(ready) * own.concurrency,
            running_on_serving=None if reading.running is None else sum(len(pod.jobs) for pod in serving),
            starting=tuple(plant.now - pod.created for pod in serving if not pod.ready),
            behavior=own.behavior,
        )

    def _queue(self, reading: Reading) -> QueueFacts:
        flow = self._meter.flow
        assert flow is not None or reading.waiting is None  # noqa: S101 - a reading has just been metered
        service = flow.service() if flow is not None else None
        readable = flow is not None and reading.waiting is not None
        return QueueFacts(
            name="jobs",
            waiting=reading.waiting,
            running=reading.running,
            firm=reading.firm,
            rate=self._settings.rate,
            wait_target=self._settings.target,
            arrivals_short=flow.arrivals(SHORT_SECONDS) if flow and readable else None,
            arrivals_middle=flow.arrivals(MIDDLE_SECONDS) if flow and readable else None,
            arrivals_long=flow.arrivals(LONG_SECONDS) if flow and readable else None,
            watched_seconds=flow.watched if flow and readable else None,
            completions=flow.completions(LONG_SECONDS) if flow and readable else None,
            service_seconds=service.seconds if service else None,
            service_cv2=service.cv2 if service else None,
            completed=service.runs if service else None,
            share=Fraction(1),
        )
