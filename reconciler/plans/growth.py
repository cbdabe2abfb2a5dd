"""Whether growing helps: more slots that complete no more jobs are only a burden on whatever holds the jobs up.

A trial begins when a pool grows in which nearly every slot has a job. Once the new slots have been ready for as long as
throughput is measured, the gain is compared with what as many slots more should have brought. Less than a tenth of it,
beyond what chance explains, and the pool goes back to the slots it had, which did as much: until slots come free, until
throughput rises, or until ten minutes have passed and it is worth another, smaller try. Each try that fails doubles the
time to the next, so that a pool in front of a bottleneck comes to rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Final

from reconciler.plans.facts import PoolFacts

MEASURED_SECONDS: Final = 120.0
"""The span of `completions`."""
RETRY_SECONDS: Final = 600.0
LONGEST_RETRY_SECONDS: Final = 7200.0
FULL: Final = 0.9
LEAST_GROWTH: Final = 1.2
TRIED_GROWTH: Final = 1.25
LEAST_GAIN: Final = 0.1
SIGMAS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Trial:
    """Since when (steady clock) more than `slots` ready slots, which completed `rate` jobs per second, are tried.

    After one that failed the next is `cautious`: with a quarter more slots, not with all that are asked for.
    `failures` is how many failed one after the other.
    """

    since: float
    slots: int
    rate: float
    failed: bool = False
    cautious: bool = False
    failures: int = 0

    @property
    def patience(self) -> float:
        """How long after it failed another is worth it, in seconds."""
        return float(min(RETRY_SECONDS * 2.0 ** max(self.failures - 1, 0), LONGEST_RETRY_SECONDS))


def observed(trial: Trial | None, facts: PoolFacts, clock: float) -> Trial | None:
    """What has become of the trial by now."""
    rate = throughput(facts)
    if trial is None or rate is None or not _full(facts):
        return None
    ready = facts.ready_slots_now
    if trial.failed:
        if rate > LEAST_GROWTH * trial.rate:
            return None
        if clock - trial.since <= trial.patience:
            return trial
        return Trial(clock, min(ready, trial.slots), rate, cautious=True, failures=trial.failures)
    if clock - trial.since < duration(facts) or ready < LEAST_GROWTH * trial.slots:
        return trial
    if not _helped_nothing(trial, ready, rate):
        return None
    return replace(trial, since=clock, rate=rate, failed=True, failures=trial.failures + 1)


def begun(trial: Trial | None, facts: PoolFacts, to: int, clock: float) -> Trial | None:
    """A new trial, where the pool grows now and none is under way."""
    rate = throughput(facts)
    if trial is not None or to <= facts.current or not rate or not _full(facts) or not facts.ready_slots_now:
        return trial
    return Trial(clock, facts.ready_slots_now, rate)


def limit(trial: Trial | None, facts: PoolFacts) -> int | None:
    """The most replicas that may be tried now; None for any number."""
    if trial is None or not (trial.failed or trial.cautious):
        return None
    if trial.failed:
        return min(facts.current, ceil(trial.slots / facts.concurrency))
    return max(facts.current, ceil(TRIED_GROWTH * trial.slots / facts.concurrency))


def duration(facts: PoolFacts) -> float:
    """Start-up twice, or once and a whole measurement after it."""
    return facts.startup_seconds + max(facts.startup_seconds, MEASURED_SECONDS)


def throughput(facts: PoolFacts) -> float | None:
    """Jobs completed per second, of all queues; None where one is not counted."""
    rates = [queue.completions for queue in facts.queues]
    known = [rate for rate in rates if rate is not None]
    return sum(known) if len(known) == len(rates) else None


def _full(facts: PoolFacts) -> bool:
    """Whether there is a job for nearly every slot: in a pool that is not, throughput says nothing about slots."""
    waiting = sum(queue.waiting or 0 for queue in facts.queues if not queue.paused)
    return waiting + sum(queue.running or 0 for queue in facts.queues) >= FULL * facts.ready_slots_now


def _helped_nothing(trial: Trial, ready: int, rate: float) -> bool:
    """The counts of both spans are Poisson-like, so their difference spreads by the root of their sum."""
    expected = trial.rate * (ready / trial.slots - 1)
    before, after = trial.rate * MEASURED_SECONDS, (trial.rate + expected) * MEASURED_SECONDS
    if expected * MEASURED_SECONDS <= SIGMAS * sqrt(before + after):
        return False
    return rate - trial.rate < LEAST_GAIN * expected
