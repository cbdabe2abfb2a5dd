"""What each queue of a pool asks for, in replicas, and what they ask for together.

A queue with a wait target asks by the law of `plans.law`; one without asks for `running / concurrency + waiting /
jobsPerReplica`. Jobs that run are counted, because demand without them falls as soon as workers do their work, and the
pool swings for ever. A paused queue counts only what still runs. A rate limit bounds what its queue may ask for, but
never below what runs already.

Workers that take their queues in strict order serve all queues up to the k-th as one stream within the k-th target, so
the pool needs the largest of these numbers; workers that weigh their queues need the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from math import ceil, inf
from operator import add
from typing import Final

from reconciler.plans import arrivals, law
from reconciler.plans.facts import PoolFacts, QueueFacts
from reconciler.plans.law import Ask, Load, Supply, Target, Why

RATE_MARGIN: Final = 1.1
"""A tenth more than the rate limit needs, so that the limit binds and not the pool."""
CALM_PART: Final = 0.5
ROUNDING: Final = 1e-9
"""Sums of fractions that make a whole number must not be rounded up."""


@dataclass(frozen=True, slots=True)
class Share:
    """What `queues` ask for together, in replicas; `limited` with their rate limits. No `ask`: by jobs per replica."""

    queues: tuple[QueueFacts, ...]
    replicas: float
    limited: float
    ask: Ask | None = None
    target: float = 0.0


@dataclass(frozen=True, slots=True)
class Demand:
    """All shares, and whether they are all needed at the same time or the largest of the targeted ones is enough."""

    shares: tuple[Share, ...]
    stacked: bool = False

    @property
    def replicas(self) -> int:
        return ceil(self._total([(share, share.replicas) for share in self.shares]) - ROUNDING)

    @property
    def limited(self) -> int:
        return ceil(self.exact - ROUNDING)

    @property
    def exact(self) -> float:
        """What is asked for within rate limits, before it is rounded up."""
        return self._total([(share, share.limited) for share in self.shares])

    def _total(self, numbers: Sequence[tuple[Share, float]]) -> float:
        targeted = [number for share, number in numbers if share.ask is not None]
        together = max(targeted, default=0.0) if self.stacked else sum(targeted)
        return together + sum(number for share, number in numbers if share.ask is None)


def demand(facts: PoolFacts) -> Demand:
    plain = [_by_count(queue, facts) for queue in facts.queues if queue.wait_target is None]
    targeted = [queue for queue in facts.queues if queue.wait_target is not None]
    if facts.in_order and len(targeted) > 1:
        prefixes = accumulate(((queue,) for queue in targeted), add)
        stacked = [_by_law(prefix, facts, _supply(facts)) for prefix in prefixes]
        return Demand((*stacked, *plain), stacked=True)
    return Demand((*_separately(targeted, facts), *plain))


def calm(facts: PoolFacts, demand: Demand) -> bool:
    """Whether the pool as it is keeps every wait within half its target, now and until a new pod could have started."""
    shares = [share for share in demand.shares if share.ask is not None]
    return len(shares) == len(demand.shares) and all(_waits_little(share, facts) for share in shares)


def premature(facts: PoolFacts, demand: Demand) -> bool:
    """Whether more is asked for by rates that were seen too briefly, and nobody waits who would prove them right."""
    fresh = any(arrivals.fresh(queue) for queue in facts.queues if queue.wait_target is not None)
    return fresh and all(_waits_little(share, facts, projected=False) for share in demand.shares if share.ask)


def idle_help(facts: PoolFacts, demand: Demand) -> bool:
    """Whether what waits will be gone before a new pod could start, so that it would find nothing to do.

    This is asked where no wait target says how soon a job has to start, and only where rates are known.
    """
    return all(share.ask is None and _worked_off(share.queues[0], facts) for share in demand.shares)


def longest_service(facts: PoolFacts) -> float:
    """The longest mean time that jobs of a queue of this pool take, in seconds; 0 while none is known."""
    return max((mean for queue in facts.queues if (mean := arrivals.service(queue)) is not None), default=0.0)


def load_of(queue: QueueFacts) -> Load:
    """This pool's part of what the queue says; what is unknown is nothing."""
    part = float(queue.share)
    running = (queue.running or 0) * part
    mean = arrivals.service(queue)
    if queue.paused:
        return Load(0.0, running, 0.0, mean)
    spread = 1.0 if queue.service_cv2 is None else queue.service_cv2
    return Load(
        (queue.waiting or 0) * part, running, arrivals.rate(queue) * part, mean, spread, arrivals.doubt(queue, spread)
    )


def _separately(queues: Sequence[QueueFacts], facts: PoolFacts) -> Iterator[Share]:
    """Each queue with the part of the pool that its jobs take up now."""
    work = [_work(queue) for queue in queues]
    for queue, own in zip(queues, work, strict=True):
        fraction = own / sum(work) if sum(work) > 0 else 1 / len(queues)
        yield _by_law((queue,), facts, _supply(facts).part(fraction))


def _work(queue: QueueFacts) -> float:
    load = load_of(queue)
    return (load.waiting + load.running + load.arrivals) * (load.service or 1.0)


def _by_law(queues: tuple[QueueFacts, ...], facts: PoolFacts, supply: Supply) -> Share:
    seconds = _target(queues[-1])
    unknown = [load for queue in queues if (load := load_of(queue)).service is None]
    known = [load for queue in queues if (load := load_of(queue)).service is not None]
    found = Ask(sum(load.waiting + load.running for load in unknown), Why.UNKNOWN_SERVICE)
    if known:
        target = Target(seconds, facts.percentile, facts.catch_up_seconds)
        part = law.ask(reduce(add, known), supply, target)
        found = Ask(part.slots + found.slots, part.why if not unknown else Why.UNKNOWN_SERVICE, part.busy)
    limit = sum(max(_rate_slots(queue), load_of(queue).running) for queue in queues)
    return Share(queues, found.slots / facts.concurrency, min(found.slots, limit) / facts.concurrency, found, seconds)


def _by_count(queue: QueueFacts, facts: PoolFacts) -> Share:
    load = load_of(queue)
    running = load.running / facts.concurrency
    replicas = running + load.waiting / facts.jobs_per_replica
    limit = max(_rate_slots(queue) / facts.concurrency, running)
    return Share((queue,), replicas, min(replicas, limit))


def _rate_slots(queue: QueueFacts) -> float:
    """The slots that the queue's rate limit can keep busy (Little's law), and a tenth more."""
    if queue.rate is None or queue.service_seconds is None:
        return inf
    return RATE_MARGIN * queue.rate.jobs / queue.rate.seconds * queue.service_seconds * float(queue.share)


def _supply(facts: PoolFacts) -> Supply:
    return Supply(facts.ready_slots_now, facts.startup_seconds, facts.starting, facts.concurrency)


def _worked_off(queue: QueueFacts, facts: PoolFacts) -> bool:
    load = load_of(queue)
    counted = queue.arrivals_long is not None and load.service is not None
    return counted and law.left(load, _supply(facts), max(load.service or 0.0, law.SHORTEST_SERVICE)) <= 0


def _waits_little(share: Share, facts: PoolFacts, *, projected: bool = True) -> bool:
    """With `projected` also once a new pod could have started."""
    load, supply = reduce(add, map(load_of, share.queues)), _supply(facts)
    if load.service is None:
        return False
    coming = law.left(load, supply, max(load.service, law.SHORTEST_SERVICE)) if projected else 0.0
    most = max(load.waiting, coming)
    return most * load.service <= CALM_PART * share.target * supply.ready


def _target(queue: QueueFacts) -> float:
    assert queue.wait_target is not None  # noqa: S101 - for the type checker: only targeted queues come here
    return queue.wait_target
