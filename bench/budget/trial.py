"""One random instance, played until everybody has its share, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.budget.world import MOST_DEMAND, MOST_SECONDS, PASSES_SECONDS, TOLD_SECONDS, World
from reconciler.plans.budget import Claim, entitlements


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one random instance came to. `seconds` is how long it took once demand stood still, `longest` how long
    somebody may have to wait: until workers may be taken, and for the job that each has just begun; None where a
    rollout is waited for too.
    """

    overdrawn: int
    taken_too_young: int
    gave_and_grew: int
    given: int
    missing: int
    settled: bool
    given_when_settled: int
    seconds: int
    longest: int | None

    @property
    def waited_too_long(self) -> bool:
        return self.longest is not None and self.seconds > self.longest + PASSES_SECONDS

    @property
    def fine(self) -> bool:
        wrong = self.overdrawn or self.taken_too_young or self.gave_and_grew or self.given_when_settled
        return self.settled and not wrong and self.given <= self.missing and not self.waited_too_long


def play(seed: int, changing_seconds: int = 80) -> Verdict:
    """Demand changes at random for a while, then once more, mostly where priority is highest, and then stands still."""
    world = World(seed)
    for _ in range(changing_seconds):
        world.step(changing=True)
    highest = max(pool.priority for pool in world.pools)
    for pool in world.pools:
        if pool.priority == highest or world.rng.random() < 0.2:
            pool.demand = world.rng.randint(0, MOST_DEMAND)
    for _ in range(TOLD_SECONDS):
        world.step(changing=False, everybody=True)
    missing = lacking(world.budget, world.claims)
    rolling = any(pool.rolling for pool in world.pools)
    seconds = 0
    while not world.settled() and seconds < MOST_SECONDS:
        world.step(changing=False)
        seconds += 1
    settled, given = world.settled(), world.given
    for _ in range(20):
        world.step(changing=False)
    return Verdict(
        overdrawn=world.overdrawn,
        taken_too_young=world.too_young,
        gave_and_grew=world.grew_after_giving,
        given=given,
        missing=missing,
        settled=settled,
        given_when_settled=world.given - given,
        seconds=seconds,
        longest=None if rolling else world.min_runtime + world.longest_job,
    )


def lacking(budget: int, claims: list[Claim]) -> int:
    """How many workers nobody gives of himself and somebody is entitled to: no more may be taken."""
    entitled = entitlements(budget, claims)
    without_new = {claim.uid: max(claim.serving, min(claim.held, entitled[claim.uid])) for claim in claims}
    unmet = sum(max(0, entitled[claim.uid] - without_new[claim.uid]) for claim in claims)
    stay = sum(min(without_new[claim.uid], claim.demand) for claim in claims)
    return max(0, unmet - (budget - stay))
