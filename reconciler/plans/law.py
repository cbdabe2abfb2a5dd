"""How many slots a stream of jobs needs so that a percentile of them starts within a target.

A slot runs one job at a time. Four numbers compete, in slots:
- *staffing*, by Erlang's formula: what arrives keeps `arrivals * service` slots busy, and jobs need some more to start;
- *catching up*: what will still wait once new pods have started, worked off within the rest of the target;
- *running on*: the jobs that will still run by then keep their slots, which for long jobs are most of them;
- *jobs in sight*: more slots than there are jobs to run would stand idle.
The largest of the first three counts, bounded by the last. While the service time is unknown, every job wants a slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp
from typing import Final

from reconciler.plans import erlang

POLL_SECONDS: Final = 2.0
SHORTEST_SERVICE: Final = 0.001
LEAST_SPREAD: Final = 0.5
MOST_SPREAD: Final = 8.0
MOST_DOUBT: Final = 0.2
"""Numbers that are less certain are no reason for more slots; what is in sight decides then."""


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs now, arrivals in jobs per second, and the mean and squared variation of the seconds a job takes.

    `doubt` is the standard error of `busy` as a share of it.
    """

    waiting: float
    running: float
    arrivals: float = 0.0
    service: float | None = None
    cv2: float = 1.0
    doubt: float = 0.0

    @property
    def busy(self) -> float:
        """The slots that what arrives keeps busy on average (Little's law), in Erlang."""
        return self.arrivals * (self.service or 0.0)

    def __add__(self, other: Load) -> Load:
        """Both as one stream: the mean weighs by arrivals, the variation keeps what the means differ by."""
        waiting, running = self.waiting + other.waiting, self.running + other.running
        arrivals = self.arrivals + other.arrivals
        if self.service is None or other.service is None:
            return Load(waiting, running, arrivals)
        own = self.arrivals / arrivals if arrivals > 0 else 0.5
        mean = own * self.service + (1 - own) * other.service
        square = own * self.service**2 * (1 + self.cv2) + (1 - own) * other.service**2 * (1 + other.cv2)
        cv2 = max(square / mean**2 - 1, 0.0) if mean > 0 else 1.0
        return Load(waiting, running, arrivals, mean, cv2, max(self.doubt, other.doubt))


@dataclass(frozen=True, slots=True)
class Supply:
    """Slots that are ready, and those to come: `coming` pods of `concurrency` slots, by the seconds since creation."""

    ready: float
    startup: float
    coming: tuple[float, ...] = ()
    concurrency: float = 1.0

    def slot_seconds(self) -> float:
        """What can be worked during one start-up time from now."""
        worked = sum(min(age, self.startup) for age in self.coming)
        return self.ready * self.startup + worked * self.concurrency

    def part(self, fraction: float) -> Supply:
        return Supply(self.ready * fraction, self.startup, self.coming, self.concurrency * fraction)


@dataclass(frozen=True, slots=True)
class Target:
    """`percentile` of 100 jobs are to wait at most `seconds`; a backlog is to be gone in `catch_up` seconds."""

    seconds: float
    percentile: int
    catch_up: float | None = None

    def horizon(self, startup: float) -> float:
        """How long working off a backlog may take once help has started: what the start-up leaves of the target."""
        if self.catch_up is not None:
            return self.catch_up
        return max(self.seconds - startup, self.seconds / 2, 2 * POLL_SECONDS)


class Why(StrEnum):
    """Which of the numbers won."""

    STAFFING = "Staffing"
    CATCHING_UP = "CatchingUp"
    RUNNING_ON = "RunningOn"
    IN_SIGHT = "InSight"
    UNKNOWN_SERVICE = "UnknownService"


@dataclass(frozen=True, slots=True)
class Ask:
    """The slots asked for; `busy` of them what arrives keeps busy on average."""

    slots: float
    why: Why
    busy: float = 0.0


def ask(load: Load, supply: Supply, target: Target) -> Ask:
    jobs = load.waiting + load.running
    if load.service is None:
        return Ask(jobs, Why.UNKNOWN_SERVICE)
    service = max(load.service, SHORTEST_SERVICE)
    horizon = target.horizon(supply.startup)
    staffing = _staffing(load, service, target)
    running_on = load.running * exp(-supply.startup / service)
    asks = [Ask(staffing, Why.STAFFING, load.busy), Ask(running_on, Why.RUNNING_ON, load.busy)]
    if load.waiting > 0:
        catching_up = max(load.busy + left(load, supply, service) * service / horizon, 1.0)
        asks.append(Ask(catching_up, Why.CATCHING_UP, load.busy))
    in_sight = Ask(jobs + _coming(load, supply, target, service), Why.IN_SIGHT, load.busy)
    return min(max(asks, key=_slots), in_sight, key=_slots)


def _coming(load: Load, supply: Supply, target: Target, service: float) -> float:
    """The jobs to come that have to be prepared for now.

    Where a pod that is created when a job comes is in time for it, most jobs need no preparation: not the lone one,
    and not those that take so long that each has its slot to itself.
    """
    ahead = supply.startup + target.horizon(supply.startup)
    coming = load.arrivals * ahead
    in_time = supply.startup + 2 * POLL_SECONDS <= target.seconds
    alone = load.waiting + load.running + coming < 1
    return 0.0 if in_time and (alone or service > ahead) else coming


def _slots(one: Ask) -> float:
    return one.slots


def _staffing(load: Load, service: float, target: Target) -> int:
    spread = min(max((1 + load.cv2) / 2, LEAST_SPREAD), MOST_SPREAD)
    busy = load.busy * (1 + min(load.doubt, MOST_DOUBT))
    return erlang.servers(busy, target.seconds / (service * spread), 1 - target.percentile / 100)


def left(load: Load, supply: Supply, service: float) -> float:
    """The jobs that will wait when a pod created now has started."""
    return max(0.0, load.waiting + load.arrivals * supply.startup - supply.slot_seconds() / service)
