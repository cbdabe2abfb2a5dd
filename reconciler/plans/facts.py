"""What a replica decision is made from. None is unknown, and unknown is not zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from reconciler.plans.behavior import Behavior

DEFAULT_STARTUP_SECONDS: Final = 30.0
"""How long a pod takes from its creation to its first fetch, until it has been measured."""
DEFAULT_PERCENTILE: Final = 95
UNREACHABLE_MARGIN: Final = 1.25


@dataclass(frozen=True, slots=True)
class Rate:
    """`rateLimit` of a queue: `jobs` in `seconds`, which the user wrote as `per`."""

    jobs: int
    seconds: float
    per: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The seconds that 95 of 100 jobs lately waited at most, and took from being enqueued to their end at most: always
    an estimate. `judged` is a wait that nobody counts.
    """

    wait: float | None = None
    latency: float | None = None
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """How a queue's numbers are known, which changes no decision and explains them.

    They are `read_seconds` old, and the oldest job has waited for `oldest_seconds`; `estimated` are the names of those
    that nobody counts. `outcomes` are worked out when they are told, since that takes longer than a decision.
    """

    read_seconds: float = 0.0
    oldest_seconds: float | None = None
    estimated: frozenset[str] = frozenset()
    outcomes: Callable[[], Outcomes] = Outcomes


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What one queue says.

    With `firm` False the numbers are only lower bounds: the broker may have failed over. `missing` is a queue that the
    pool names and that does not exist. `waiting` includes scheduled jobs that are due before a new pod could start;
    without `due_known` nobody can tell how many they are.

    Rates are in jobs per second: `arrivals_short` over 20 s, `arrivals_middle` over 60 s, `arrivals_long` and
    `completions` over 120 s, each None until there is something to tell. `watched_seconds` is for how long the
    queue has been looked at, None where that is not known and so no reason for doubt. `service_seconds` is the mean
    time a job takes and `service_cv2` its squared coefficient of variation, both from the `completed` jobs of the last
    minutes; None of `completed` says that nobody counts. `wait_target` is in seconds. `share` is this pool's part of a
    queue that several pools work off.
    """

    name: str
    waiting: int | None = None
    running: int | None = None
    firm: bool = True
    due_known: bool = True
    paused: bool = False
    rate: Rate | None = None
    service_seconds: float | None = None
    missing: bool = False
    arrivals_short: float | None = None
    arrivals_middle: float | None = None
    arrivals_long: float | None = None
    watched_seconds: float | None = None
    completions: float | None = None
    service_cv2: float | None = None
    completed: int | None = None
    wait_target: float | None = None
    share: Fraction = Fraction(1)
    source: Source = field(default=Source(), compare=False)

    @property
    def unreadable(self) -> bool:
        return self.waiting is None and self.running is None

    @property
    def complete(self) -> bool:
        """Whether everything that counts is known well enough to shrink by."""
        waiting_known = self.paused or (self.waiting is not None and self.due_known)
        return self.firm and self.running is not None and waiting_known

    @property
    def has_jobs(self) -> bool:
        """Whether a replica has something to do here."""
        return bool(self.running) or (bool(self.waiting) and not self.paused)


@dataclass(frozen=True, slots=True)
class Hold:
    """`spec.hold`; `until` in seconds since the epoch, None for ever."""

    replicas: int
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """`scaling.fallback`: at least `replicas` once nothing could be read for `after_seconds`."""

    after_seconds: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule in force with the highest minimum: `minReplicas` of `scaling.schedules[name]`."""

    name: str
    replicas: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The most replicas a budget leaves this pool. It is `giving` so many to `receiver`, or `waits` for so many, of
    which some come from `giver`; empty for nobody in particular.
    """

    replicas: int
    giving: int = 0
    receiver: str = ""
    waits: int = 0
    giver: str = ""


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """Everything a decision depends on, except the history of earlier ones.

    `now` is in seconds since the epoch, for the hold. `current` is the number served with until now, draining pods
    left out. `unreadable_seconds` is how long no queue could be read. `startup_seconds` is the 90th percentile from a
    pod's creation to its first fetch. `ready_slots` are the jobs that ready serving pods can run at once,
    `running_on_serving` those they do run, `starting` the ages in seconds of pods that are still to become ready
    (without those that have failed to); None where nobody has counted. `behavior` replaces the built-in damping.
    `in_order` says that workers take a job of a queue only where those before it in the list have none.
    """

    now: float
    current: int
    queues: tuple[QueueFacts, ...]
    max_replicas: int
    min_replicas: int = 1
    concurrency: int = 1
    jobs_per_replica: int = 1
    paused: bool = False
    hold: Hold | None = None
    fallback: Fallback | None = None
    unreadable_seconds: float = 0.0
    startup_seconds: float = DEFAULT_STARTUP_SECONDS
    percentile: int = DEFAULT_PERCENTILE
    catch_up_seconds: float | None = None
    ready_slots: int | None = None
    running_on_serving: int | None = None
    starting: tuple[float, ...] = ()
    behavior: Behavior | None = None
    schedule: Schedule | None = None
    entitlement: Entitlement | None = None
    in_order: bool = False

    @property
    def ready_slots_now(self) -> int:
        """The slots of ready pods; where nobody has counted, of all that are not known to be starting."""
        if self.ready_slots is not None:
            return self.ready_slots
        return max(self.current - len(self.starting), 0) * self.concurrency

    @property
    def lowest(self) -> int:
        """The lower bound now."""
        return max(self.min_replicas, self.schedule.replicas if self.schedule else 0)

    def unreachable(self, *, already: bool = False) -> tuple[QueueFacts, ...]:
        """The queues whose jobs may wait no longer than a pod takes to start: a jump in load breaks their target.

        What was one `already` stays one until the start-up is a fifth shorter than the target.
        """
        startup = self.startup_seconds * (UNREACHABLE_MARGIN if already else 1)
        return tuple(queue for queue in self.queues if queue.wait_target is not None and queue.wait_target <= startup)

    @property
    def unclear(self) -> tuple[QueueFacts, ...]:
        """The queues that forbid to shrink."""
        return tuple(queue for queue in self.queues if not queue.complete)

    @property
    def blind(self) -> bool:
        """Whether nothing at all is known."""
        return all(queue.unreadable for queue in self.queues)
