"""A plant to try the law on: jobs arrive, pods start and work them off, the plan is asked every two seconds.

Time goes in whole seconds. A pod that leaves first finishes what it runs, as a drained pod does, and one that is
starting counts as served with but takes no job yet.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from reconciler.plans import history
from reconciler.plans.replicas import decide
from tests.reconciler.plans.builders import pool, queue

POLL = 2


@dataclass
class Pod:
    ready_at: int
    busy_until: list[int] = field(default_factory=list)
    leaving: bool = False


@dataclass(frozen=True)
class Outcome:
    served: list[int]
    """The number served with, one entry a poll."""
    waits: list[int]

    @property
    def p95_wait(self) -> int:
        return sorted(self.waits)[int(len(self.waits) * 0.95)]

    @property
    def turns(self) -> int:
        """How often the pool changed its mind about the direction."""
        steps = [after - before for before, after in pairwise(self.served) if after != before]
        return sum(before * after < 0 for before, after in pairwise(steps))


def play(
    arrivals: Callable[[int], float], seconds: int, *, job: int, startup: int, seed: int, minimum: int = 1
) -> Outcome:
    """Runs `seconds` of a pool whose jobs arrive at `arrivals(second)` a second, Poisson-like, and take `job` s."""
    dice = random.Random(seed)
    waiting: deque[int] = deque()
    pods = [Pod(0) for _ in range(minimum)]
    window = history.seeded(0, minimum)
    served, waits = [minimum], []
    for second in range(seconds):
        waiting.extend(second for _ in range(_poisson(dice, arrivals(second))))
        waits += _work(pods, waiting, second, job)
        pods = [pod for pod in pods if pod.busy_until or not pod.leaving]
        if second % POLL == 0:
            running = sum(len(pod.busy_until) for pod in pods)
            facts = pool(
                queue(len(waiting), running), current=served[-1], minimum=minimum, maximum=60, startup_seconds=startup
            )
            decision, window = decide(facts, window, float(second))
            served.append(decision.to)
            _follow(pods, decision.to, second + startup)
    return Outcome(served, waits)


def _work(pods: list[Pod], waiting: deque[int], second: int, job: int) -> list[int]:
    waits = []
    for pod in pods:
        pod.busy_until = [end for end in pod.busy_until if end > second]
        while waiting and not pod.leaving and pod.ready_at <= second and len(pod.busy_until) < 4:
            waits.append(second - waiting.popleft())
            pod.busy_until.append(second + job)
    return waits


def _follow(pods: list[Pod], to: int, ready_at: int) -> None:
    serving = [pod for pod in pods if not pod.leaving]
    for pod in sorted(serving, key=lambda pod: (len(pod.busy_until), -pod.ready_at))[: max(0, len(serving) - to)]:
        pod.leaving = True
    returning = [pod for pod in pods if pod.leaving][: max(0, to - len(serving))]
    for pod in returning:
        pod.leaving = False
    pods += [Pod(ready_at) for _ in range(to - len(serving) - len(returning))]


def _poisson(dice: random.Random, mean: float) -> int:
    """How many exponential gaps of 1 / `mean` fit into one second."""
    count, left = 0, 1.0
    while mean > 0 and (left := left - dice.expovariate(mean)) > 0:
        count += 1
    return count
