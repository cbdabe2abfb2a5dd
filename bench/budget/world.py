"""Pools that share a budget, played second by second: pods start, work, drain and end, and passes come in any order.

Some instances span two namespaces, by the budget of a ClusterPolicy; in some pools roll out new revisions meanwhile; in
some the operator is restarted.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from bench.budget.members import Member
from bench.budget.stage import Stage
from reconciler.phases.pool.entitle import budget_of, claim_of, settle, within
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans.budget import Claim, allowances, entitlements
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.plans.facts import PoolFacts

MOST_SECONDS: Final = 4000
MOST_DEMAND: Final = 40
TOLD_SECONDS: Final = 2
"""Once demand stands still, every pool has told its own, and the last distribution by older ones is over."""
PASSES_SECONDS: Final = 12
"""What passes at random moments and the ends of pods take beside what is waited for."""


class World:
    """`overdrawn` counts the moments at which more pods existed than the budget allows: there must be none."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)  # noqa: S311 - chance that can be repeated
        self.budget, self.longest_job = rng.randint(1, 60), rng.choice((1, 10, 60))
        self.preempts, self.min_runtime = rng.random() < 0.8, rng.choice((0, 5, 60))
        self.rolls, self.restarts = rng.random() < 0.3, rng.random() < 0.3
        cluster = rng.random() < 0.5
        self.stage = Stage(rng, self.budget, self.min_runtime, preempts=self.preempts, cluster=cluster)
        self.pools = [self._member(number) for number in range(rng.randint(1, 8))]
        self.overdrawn = self.given = self.too_young = self.grew_after_giving = 0

    def _member(self, number: int) -> Member:
        rng, namespaces = self.rng, self.stage.namespaces
        minimum, demand = rng.choice((0, 0, 0, 1, 2)), rng.randint(0, MOST_DEMAND)
        namespace = namespaces[number % len(namespaces)]
        return Member(self.stage, f"p{number}", namespace, rng.randint(-1, 2), minimum, demand)

    @property
    def existing(self) -> int:
        return sum(len(pool.pods) for pool in self.pools)

    @property
    def claims(self) -> list[Claim]:
        """As the pools are now, whatever they have told."""
        found = ((pool, claim_of(pool.obj, self.stage.ctx, self.min_runtime)) for pool in self.pools)
        return [
            replace(claim, demand=pool.asks_for, minimum=pool.minimum, existing=len(pool.pods), serving=pool.wanted)
            for pool, claim in found
        ]

    def step(self, *, changing: bool, everybody: bool = False) -> None:
        began = self.stage.now
        if changing and self.restarts and self.rng.random() < 0.02:
            self.stage.restart()
        for pool in self.pools:
            if changing and self.rng.random() < 0.03:
                pool.demand = self.rng.randint(0, MOST_DEMAND)
            if changing and self.rolls and self.rng.random() < 0.01:
                pool.begins_rollout()
        woken, self.stage.woken = self.stage.woken, set()
        passing = [pool for pool in self.pools if everybody or pool.key in woken or self.rng.random() < 0.7]
        moments = sorted(self.rng.random() for _ in passing)
        for moment, pool in zip(moments, self.rng.sample(passing, len(passing)), strict=True):
            self.stage.now = began + moment
            self._pass(pool, frozen=not changing and not everybody)
            self.overdrawn += self.existing > self.budget
        self.stage.now = began + 1
        for pool in self.pools:
            pool.plays(self.rng, self.longest_job)
        self.overdrawn += self.existing > self.budget

    def settled(self) -> bool:
        """Whether everybody has what it is entitled to, or, without preemption, nobody can be given anything."""
        claims = self.claims
        allowed = allowances(self.budget, claims, preempts=self.preempts)
        at_rest = all(pool.at_rest for pool in self.pools)
        if not at_rest or any(min(allowed[c.uid].replicas, c.demand) != c.serving for c in claims):
            return False
        entitled = entitlements(self.budget, claims)
        return not self.preempts or all(
            claim.serving == entitled[claim.uid] or self._excused(claim, claims, entitled) for claim in claims
        )

    def _excused(self, claim: Claim, claims: list[Claim], entitled: dict[str, int]) -> bool:
        """More than it is entitled to, because those who miss it are not above it or its minimum keeps it; or less,
        because nobody below has more than its entitlement and its minimum.
        """
        if claim.serving > entitled[claim.uid]:
            takers = [c for c in claims if c.serving < entitled[c.uid] and c.priority > claim.priority]
            return not takers or claim.serving <= claim.minimum
        lower = [c for c in claims if c.priority < claim.priority]
        return all(c.serving <= max(entitled[c.uid], c.minimum) for c in lower)

    def _pass(self, pool: Member, *, frozen: bool) -> None:
        """What `scale` does with a budget, and the drain pass with what comes of it."""
        ctx = self.stage.ctx
        budget = budget_of(pool.obj, ctx)
        assert budget is not None
        state = ScalingState(obj=pool.obj, now=self.stage.clock(), revision=pool.revision, effective=pool.effective)
        had = pool.wanted
        facts = PoolFacts(state.now.timestamp(), had, (), max_replicas=1000, min_replicas=pool.minimum)
        facts = within(state, ctx, budget, facts, _decided(pool, pool.asks_for))
        most = facts.entitlement.replicas if facts.entitlement is not None else 0
        wanted = min(pool.asks_for, most)
        settle(state, ctx, budget, facts, _decided(pool, wanted))
        asked = pool.decided(wanted, state.surge, state.spared)
        now = self.stage.now
        young = sum(not pod.idle(now) and now - pod.born < self.min_runtime for pod in asked)
        self._count(pool, had, wanted, young, frozen=frozen)

    def _count(self, pool: Member, had: int, wanted: int, young: int, *, frozen: bool) -> None:
        """Where the pool's own jobs call for fewer, or it rolls out, pods leave for that reason too."""
        if had <= pool.asks_for and not pool.rolling:
            self.too_young += young
        if frozen:
            given = max(0, min(had, pool.asks_for) - wanted)
            self.grew_after_giving += wanted > had and pool.gave > 0
            pool.gave += given
            self.given += given


def _decided(pool: Member, replicas: int) -> ReplicaDecision:
    return ReplicaDecision(replicas, BoundBy.DEMAND, demand=pool.asks_for)
