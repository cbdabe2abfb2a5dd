"""The laws to compare, as the plant asks them: each says now and then how many replicas it wants, and how they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from headgate.simulation.budget import Purse
from headgate.simulation.calendar import Calendar
from headgate.simulation.crew import Crew
from headgate.simulation.meter import Meter
from headgate.simulation.settings import QueueSettings, Settings
from reconciler.plans import history
from reconciler.plans.decision import ReplicaDecision
from reconciler.plans.facts import DEFAULT_STARTUP_SECONDS, PoolFacts, QueueFacts
from reconciler.plans.flow import LONG_SECONDS, MIDDLE_SECONDS, SHORT_SECONDS, Flow
from reconciler.plans.replicas import decide
from reconciler.plans.startup import Startups


@dataclass(frozen=True, slots=True)
class Reading:
    """What can be read of a queue now: None is unreadable, and without `firm` the numbers are a lower bound."""

    waiting: int | None
    running: int | None
    firm: bool = True


class Law(Protocol):
    period: float
    """Seconds between two looks."""
    drains: bool
    """Whether pods finish what they run before they go; otherwise the newest are killed."""

    def replicas(self, crew: Crew, readings: Sequence[Reading], current: int) -> int: ...

    def restart(self) -> None:
        """Forget what is only in memory."""


class Headgate:
    """The reconciler's law, its measuring included. `purse` is what its pool shares with others."""

    period = 2.0
    drains = True

    def __init__(self, settings: Settings, purse: Purse | None = None) -> None:
        self._settings = settings
        self._purse = purse
        self._calendar = Calendar(settings)
        self.restart()

    def restart(self) -> None:
        self._meters = [Meter() for _ in self._settings.queues]
        self._startups = Startups()
        self._history: history.History | None = None
        self._read_at: float | None = None

    def replicas(self, crew: Crew, readings: Sequence[Reading], current: int) -> int:
        self._startups.saw(crew.starts)
        crew.starts.clear()
        for meter, line, reading in zip(self._meters, crew.lines, readings, strict=True):
            measure = meter.blind if reading.waiting is None else meter.read
            measure(line, crew.now)
        if self._read_at is None or any(reading.waiting is not None for reading in readings):
            self._read_at = crew.now
        return self.decision(crew, readings, current).to

    def decision(self, crew: Crew, readings: Sequence[Reading], current: int) -> ReplicaDecision:
        facts = self._facts(crew, readings, current)
        earlier = self._history or history.seeded(crew.now, current)
        decision, later = decide(facts, earlier, crew.now)
        if self._purse is not None:
            facts = self._purse.within(crew, facts, decision)
            decision, later = decide(facts, earlier, crew.now)
            self._purse.settle(crew, facts, decision)
        self._history = later
        return decision

    def _facts(self, crew: Crew, readings: Sequence[Reading], current: int) -> PoolFacts:
        own, serving = self._settings, crew.serving
        ready = [pod for pod in serving if pod.ready]
        known = own.known_startup if own.known_startup is not None else self._startups.measured
        unread = any(reading.running is None for reading in readings)
        return PoolFacts(
            now=own.begin.timestamp() + crew.now,
            current=current,
            queues=tuple(map(_queue, own.queues, readings, self._meters)),
            max_replicas=own.max_replicas,
            min_replicas=own.min_replicas,
            concurrency=own.concurrency,
            jobs_per_replica=own.jobs_per_replica,
            paused=own.paused,
            hold=own.hold,
            fallback=own.fallback,
            unreadable_seconds=0.0 if self._read_at is None else crew.now - self._read_at,
            startup_seconds=DEFAULT_STARTUP_SECONDS if known is None else known,
            percentile=own.percentile,
            catch_up_seconds=own.catch_up,
            ready_slots=len(ready) * own.concurrency,
            running_on_serving=None if unread else sum(len(pod.jobs) for pod in serving),
            starting=tuple(crew.now - pod.created for pod in serving if not pod.ready),
            behavior=own.behavior,
            schedule=self._calendar.at(crew.now),
            in_order=own.in_order,
        )


def _queue(own: QueueSettings, reading: Reading, meter: Meter) -> QueueFacts:
    return QueueFacts(
        name=own.name,
        waiting=reading.waiting,
        running=reading.running,
        firm=reading.firm,
        paused=own.paused,
        rate=own.rate,
        wait_target=own.target,
        share=own.share,
        **_measured(meter.flow, reading),
    )


def _measured(flow: Flow | None, reading: Reading) -> dict[str, Any]:
    """Service times are known as long as they are remembered, rates only while the queue is read."""
    if flow is None:
        return {}
    service = flow.service()
    known: dict[str, Any] = {}
    if service is not None:
        known = {"service_seconds": service.seconds, "service_cv2": service.cv2, "completed": service.runs}
    if reading.waiting is None:
        return known
    return known | {
        "arrivals_short": flow.arrivals(SHORT_SECONDS),
        "arrivals_middle": flow.arrivals(MIDDLE_SECONDS),
        "arrivals_long": flow.arrivals(LONG_SECONDS),
        "watched_seconds": flow.watched,
        "completions": flow.completions(LONG_SECONDS),
    }
