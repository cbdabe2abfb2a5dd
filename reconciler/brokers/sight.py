"""What is known of one queue at this moment: the last good reading, how far to believe it, and what went wrong since.

One is made from the one before, so everything that needs memory (doubt after a failover, failures in a row) is in it
and nowhere else. After a restart the first one knows nothing, which is never more than the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from reconciler.brokers import failover
from reconciler.brokers.changes import NOTHING_KNOWN, Change, between
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.failover import Doubt, doubt_after
from reconciler.brokers.observation import UNKNOWN_TIME, Method, Observation, Signal, estimated, exact
from reconciler.brokers.records import NOTHING_TOLD
from reconciler.plans.flow import WAIT_PERCENT, Flow, Service, Step, begun, of_runs
from reconciler.plans.latency import percentile

SAME_SECONDS: Final = 2.0
"""Moments that are no further apart are one: two clocks and a round trip give no better."""
SHOWN_AFTER: Final = 2
"""A failure that may pass by itself is shown when it happens twice in a row: one lost packet is no news."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`read_at` and `failing_since` are seconds of the process's steady clock. `flow` is how jobs have come and gone;
    `counted` is what happened in the last step of it, and will have happened in the next while it `rests`: the same
    reading again, of a queue of which nothing runs. `oldest` is when the oldest waiting job was enqueued, by the
    broker's clock: as it says itself, else as the flow of jobs tells.
    """

    observation: Observation | None = None
    read_at: float | None = None
    doubt: Doubt | None = None
    error: BrokerError | None = None
    failures: int = 0
    failing_since: float | None = None
    flow: Flow | None = None
    counted: Change = NOTHING_KNOWN
    rests: bool = False
    oldest: Signal[float] = UNKNOWN_TIME

    @property
    def readable(self) -> Observation | None:
        """The last reading, unless it has failed since."""
        return self.observation if self.error is None else None

    @property
    def service(self) -> Service | None:
        """How long a job takes. Just after a start the living workers' own totals are all there is."""
        if self.flow is None or self.observation is None:
            return None
        told = self.observation.workers.told
        return self.flow.service() or of_runs(told.runs, told.lengths, told.squares)

    @property
    def oldest_age(self) -> float | None:
        """How long the oldest job has waited, in seconds: 0 when nothing waits, None while unknown."""
        seen = self.observation
        if seen is None or self.oldest.value is None:
            return 0.0 if seen is not None and seen.waiting.value == 0 else None
        return max(0.0, seen.time - self.oldest.value)

    def latency(self, percent: int = WAIT_PERCENT) -> float | None:
        """How long `percent` of 100 jobs lately took from being enqueued to their end, in seconds: an estimate."""
        service = self.service
        if self.flow is None or service is None:
            return None
        return percentile(self.flow.waits(), service.seconds, service.cv2, percent)

    @property
    def wait(self) -> Signal[float]:
        """How long 95 of 100 jobs waited: as the source tells it, else as workers counted it, else judged by ages."""
        if self.observation is None or self.flow is None:
            return UNKNOWN_TIME
        told, found = self.observation.wait, self.flow.wait()
        if told.value is not None or found is None:
            return told
        return exact(found) if self.flow.counts_waits else estimated(found)

    @property
    def trouble(self) -> BrokerError | None:
        """The error to show to people."""
        lasting = self.error is not None and (not self.error.passes or self.failures >= SHOWN_AFTER)
        return self.error if lasting else None


def seen(before: Sight | None, observation: Observation, now: float) -> Sight:
    """The sight after a reading."""
    before = before or Sight()
    repeated = before.observation is not None and observation.repeats(before.observation)
    if repeated and before.rests and before.error is None:
        doubt, change = before.doubt, before.counted
    else:
        sign = failover.sign(before.observation, observation)
        doubt = doubt_after(before.doubt, sign, now)
        change = NOTHING_KNOWN if sign else _change(before, observation, now)
    flow = _flow(before.flow, change, observation, now)
    return Sight(
        observation=observation,
        read_at=now,
        doubt=doubt,
        flow=flow,
        counted=change,
        rests=repeated and doubt is None and not observation.running.value,
        oldest=_oldest(before, flow, observation),
    )


def _oldest(before: Sight, flow: Flow, observation: Observation) -> Signal[float]:
    """Where no job tells, its age follows from how many have come and gone; the moment it came stays the same by it."""
    told, age = observation.oldest_enqueued, flow.now.age
    if told.method is not Method.UNKNOWN or age is None:
        return told
    if observation.waiting.value == 0:
        return Signal(None, observation.waiting.method)
    moment, earlier = observation.time - age, before.oldest.value
    return estimated(earlier if earlier is not None and abs(moment - earlier) < SAME_SECONDS else moment)


def _change(before: Sight, observation: Observation, now: float) -> Change:
    """What happened since the last good reading, which the same server gave."""
    if before.observation is None or before.read_at is None:
        return NOTHING_KNOWN
    return between(before.observation, observation, now - before.read_at)


def _flow(flow: Flow | None, change: Change, observation: Observation, now: float) -> Flow:
    if flow is None:
        return begun(now, observation.oldest_age)
    told = change.told
    return flow.stepped(
        now,
        Step(
            arrived=change.arrived.value,
            completed=change.completed.value,
            started=change.started,
            busy=change.busy,
            runs=told.runs,
            lengths=told.lengths,
            squares=told.squares,
            age=observation.oldest_age,
            waiting=observation.waiting.value,
            lag=observation.lag,
            waits=told.waits if change.told is not NOTHING_TOLD else None,
        ),
    )


def failed(before: Sight | None, error: BrokerError, now: float) -> Sight:
    """The sight after a reading that failed."""
    before = before or Sight()
    since = now if before.failing_since is None else before.failing_since
    return replace(before, error=error, failures=before.failures + 1, failing_since=since)


def moved(before: Sight | None, after: Sight) -> bool:
    """Whether pools that decide on this queue should look again."""
    return before is None or _matters(before) != _matters(after)


def _matters(sight: Sight) -> tuple[object, ...]:
    seen = sight.readable
    if seen is None:
        return (sight.error is not None,)
    return (seen.waiting.value, seen.running.value, seen.due.value, sight.doubt is None)
