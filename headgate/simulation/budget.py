"""A number of pods that the pools of a plant share, divided by the reconciler's own plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from headgate.simulation.crew import Crew
from headgate.simulation.line import Pod
from reconciler.plans.budget import Claim, allowances, usable
from reconciler.plans.decision import ReplicaDecision
from reconciler.plans.facts import Entitlement, PoolFacts


@dataclass(frozen=True, slots=True)
class Budget:
    """`spec.budget` of a Policy. `min_runtime`, in seconds, is how long a busy worker is left to the pool that started
    it.
    """

    replicas: int
    min_runtime: float = 600.0
    preempts: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pool said last: its damped demand, its lower bound, and with how many it goes on."""

    demand: int
    minimum: int
    serving: int


class Purse:
    """What the pools of one budget have asked for, by their places in the plant. One that has not asked yet counts with
    what it has, and gives nothing.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._asked: dict[int, Asked] = {}

    def within(self, crew: Crew, facts: PoolFacts, decision: ReplicaDecision) -> PoolFacts:
        """The facts with what the budget leaves the pool."""
        before = self._asked.get(crew.place)
        serving = before.serving if before is not None else facts.current
        self._asked[crew.place] = Asked(decision.demand, facts.lowest, serving)
        claims = [self._claim(mate) for mate in crew.mates]
        allowance = allowances(self._budget.replicas, claims, preempts=self._budget.preempts)[str(crew.place)]
        # Busy workers that are too young stay, also where they have begun a job since all was shared out.
        young = sum(not self._takeable(pod, crew.now) for pod in crew.serving) if allowance.taken else 0
        replicas = max(usable(allowance, serving, 0), min(young, decision.demand, serving))
        entitlement = Entitlement(replicas, sum(allowance.gives.values()), waits=allowance.waits)
        return replace(facts, entitlement=entitlement)

    def settle(self, crew: Crew, facts: PoolFacts, decision: ReplicaDecision) -> None:
        """Remember what the pool goes on with, before any other asks."""
        self._asked[crew.place] = Asked(decision.demand, facts.lowest, decision.to)

    def _claim(self, crew: Crew) -> Claim:
        asked, stay = self._asked.get(crew.place), crew.serving
        serving = asked.serving if asked is not None else len(stay)
        return Claim(
            uid=str(crew.place),
            name=str(crew.place),
            demand=asked.demand if asked is not None else serving,
            minimum=asked.minimum if asked is not None else 0,
            priority=crew.own.priority,
            existing=max(len(crew.pods), serving),
            serving=serving,
            held=len(crew.pods),
            takeable=0 if asked is None else sum(self._takeable(pod, crew.now) for pod in stay),
        )

    def _takeable(self, pod: Pod, now: float) -> bool:
        return not pod.jobs or now - pod.created >= self._budget.min_runtime
