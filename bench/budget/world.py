"""Pools that share a budget, played second by second: pods start, work, drain and end, and passes come in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from reconciler.plans.budget import Allowance, Claim, allowances, entitlements

MOST_SECONDS: Final = 4000
MOST_DEMAND: Final = 40
PASSES_SECONDS: Final = 12
"""What passes at random moments and the ends of pods take beside what is waited for."""


@dataclass(slots=True)
class Pod:
    """`done_at` is when its present job ends; `gone_at` when it is gone, once it was asked and idle."""

    born: int
    done_at: int
    draining: bool = False
    gone_at: int | None = None

    def idle(self, now: int) -> bool:
        return now >= self.done_at


@dataclass(slots=True)
class Pool:
    uid: str
    priority: int
    minimum: int
    demand: int
    pods: list[Pod] = field(default_factory=list)
    gave: int = 0
    taken_busy_young: int = 0
    grew_after_giving: bool = False

    @property
    def serving(self) -> list[Pod]:
        return [pod for pod in self.pods if not pod.draining]

    def claim(self, now: int, min_runtime: int) -> Claim:
        takeable = sum(pod.idle(now) or now - pod.born >= min_runtime for pod in self.serving)
        return Claim(
            uid=self.uid,
            name=f"ns/{self.uid}",
            demand=max(self.demand, self.minimum),
            minimum=self.minimum,
            priority=self.priority,
            existing=len(self.pods),
            serving=len(self.serving),
            held=sum(pod.gone_at is None for pod in self.pods),
            takeable=takeable,
        )


@dataclass(slots=True)
class World:
    """`overdrawn` counts the moments at which more pods existed than the budget allows: there must be none."""

    rng: Random
    budget: int
    preempts: bool
    min_runtime: int
    longest_job: int
    pools: list[Pool]
    now: int = 0
    overdrawn: int = 0
    given_after: int = 0

    @classmethod
    def random(cls, seed: int) -> World:
        rng = Random(seed)  # noqa: S311 - chance that can be repeated
        budget = rng.randint(1, 60)
        longest = rng.choice((1, 10, 60))
        pools = [
            Pool(f"p{number}", rng.randint(-1, 2), rng.choice((0, 0, 0, 1, 2)), rng.randint(0, MOST_DEMAND))
            for number in range(rng.randint(1, 8))
        ]
        return cls(rng, budget, rng.random() < 0.8, rng.choice((0, 5, 60)), longest, pools)

    @property
    def existing(self) -> int:
        return sum(len(pool.pods) for pool in self.pools)

    @property
    def claims(self) -> list[Claim]:
        return [pool.claim(self.now, self.min_runtime) for pool in self.pools]

    def step(self, *, changing: bool) -> None:
        self.now += 1
        for pool in self.pools:
            if changing and self.rng.random() < 0.03:
                pool.demand = self.rng.randint(0, MOST_DEMAND)
            self._play(pool)
        for pool in self.rng.sample(self.pools, len(self.pools)):
            if self.rng.random() < 0.7:
                self._pass(pool, frozen=not changing)
            self.overdrawn += self.existing > self.budget

    def settled(self) -> bool:
        """Whether everybody has what it is entitled to, or, without preemption, nobody can be given anything."""
        claims = self.claims
        allowed = allowances(self.budget, claims, preempts=self.preempts)
        at_rest = all(len(pool.pods) == len(pool.serving) for pool in self.pools)
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

    def _play(self, pool: Pool) -> None:
        for pod in pool.pods:
            if pod.idle(self.now) and not pod.draining and self.rng.random() < 0.5:
                pod.done_at = self.now + self.rng.randint(1, self.longest_job)
            if pod.draining and pod.gone_at is None and pod.idle(self.now):
                pod.gone_at = self.now + self.rng.randint(0, 3)
        pool.pods = [pod for pod in pool.pods if pod.gone_at is None or pod.gone_at > self.now]

    def _pass(self, pool: Pool, *, frozen: bool) -> None:
        claim = pool.claim(self.now, self.min_runtime)
        allowance = allowances(self.budget, self.claims, preempts=self.preempts)[pool.uid]
        target = min(claim.demand, allowance.replicas)
        if target > claim.serving:
            self._grow(pool, target - claim.serving)
            pool.grew_after_giving |= frozen and pool.gave > 0
        elif target < claim.serving:
            self._shrink(pool, claim.serving - target, allowance, frozen=frozen)

    def _grow(self, pool: Pool, count: int) -> None:
        for pod in [pod for pod in pool.pods if pod.draining and pod.gone_at is None][:count]:
            pod.draining = False
            count -= 1
        pool.pods += [Pod(self.now, self.now) for _ in range(count)]

    def _shrink(self, pool: Pool, count: int, allowance: Allowance, *, frozen: bool) -> None:
        asked = allowance.taken
        victims = sorted(pool.serving, key=lambda pod: (not pod.idle(self.now), self._young(pod), -pod.born))[:count]
        # The pool's own surplus goes first; the rest is what others take.
        pool.taken_busy_young += (
            sum(not pod.idle(self.now) and self._young(pod) for pod in victims) if asked == count else 0
        )
        for pod in victims:
            pod.draining = True
        if frozen:
            pool.gave += min(asked, count)
            self.given_after += min(asked, count)

    def _young(self, pod: Pod) -> bool:
        return self.now - pod.born < self.min_runtime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one random instance came to. `seconds` is how long it took once demand stood still, `longest` how long
    somebody may have to wait: until workers may be taken, and for the job that each has just begun.
    """

    overdrawn: int
    taken_too_young: int
    gave_and_grew: int
    given: int
    missing: int
    settled: bool
    given_when_settled: int
    seconds: int
    longest: int

    @property
    def waited_too_long(self) -> bool:
        return self.seconds > self.longest + PASSES_SECONDS

    @property
    def fine(self) -> bool:
        wrong = self.overdrawn or self.taken_too_young or self.gave_and_grew or self.given_when_settled
        return self.settled and not wrong and self.given <= self.missing and not self.waited_too_long


def play(seed: int, changing_seconds: int = 80) -> Verdict:
    """Demand changes at random for a while, then once more, mostly where priority is highest, and then stands still."""
    world = World.random(seed)
    for _ in range(changing_seconds):
        world.step(changing=True)
    highest = max(pool.priority for pool in world.pools)
    for pool in world.pools:
        if pool.priority == highest or world.rng.random() < 0.2:
            pool.demand = world.rng.randint(0, MOST_DEMAND)
    missing = lacking(world.budget, world.claims)
    seconds = 0
    while not world.settled() and seconds < MOST_SECONDS:
        world.step(changing=False)
        seconds += 1
    settled, given = world.settled(), world.given_after
    for _ in range(20):
        world.step(changing=False)
    return Verdict(
        overdrawn=world.overdrawn,
        taken_too_young=sum(pool.taken_busy_young for pool in world.pools),
        gave_and_grew=sum(pool.grew_after_giving for pool in world.pools),
        given=given,
        missing=missing,
        settled=settled,
        given_when_settled=world.given_after - given,
        seconds=seconds,
        longest=world.min_runtime + world.longest_job,
    )


def lacking(budget: int, claims: list[Claim]) -> int:
    """How many workers nobody gives of himself and somebody is entitled to: no more may be taken."""
    entitled = entitlements(budget, claims)
    without_new = {claim.uid: max(claim.serving, min(claim.held, entitled[claim.uid])) for claim in claims}
    unmet = sum(max(0, entitled[claim.uid] - without_new[claim.uid]) for claim in claims)
    stay = sum(min(without_new[claim.uid], claim.demand) for claim in claims)
    return max(0, unmet - (budget - stay))
