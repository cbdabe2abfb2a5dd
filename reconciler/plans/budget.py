"""A number of replicas that several pools share: who may have how many, and who gives to whom. Pure.

Entitlements are a function of damped demand alone: minimums by priority, then the rest by priority, within one priority
one at a time to whoever has least. Nothing is reserved or remembered: free places go to the highest unmet entitlement,
and that is the reservation.

The sum of all pods that exist, those that drain or start included, never exceeds the budget by anything done here. A
pool above its entitlement keeps what it has until its own demand falls, unless the budget preempts: then pools of
strictly lower priority give what is above their entitlement, as many as are missing beyond what is free or on its way
out already. So nobody gives twice for the same demand, and once demand stands still nobody gives at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Claim:
    """What one pool has and wants. `existing` are all of its pods, `serving` those it means to keep, `held` those it
    could serve with and start none: draining ones that can be released included. `takeable` of the serving ones are
    idle or old enough to be asked to leave for another pool.
    """

    uid: str
    name: str
    demand: int
    minimum: int = 0
    priority: int = 0
    existing: int = 0
    serving: int = 0
    held: int = 0
    takeable: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most replicas a pool may serve with now; `entitled` is what it will come to. At most `footprint` pods of it
    may exist, those that end included. `taken` of what it had are asked of it now. `gives` says to whom go the pods
    that leave for others; `waits` for how many this pool waits, and `givers` how many of them come from where. `room`
    more pods may exist for a while, as a rollout needs them.
    """

    replicas: int
    entitled: int
    footprint: int
    taken: int = 0
    gives: Mapping[str, int] = field(default_factory=dict)
    waits: int = 0
    givers: Mapping[str, int] = field(default_factory=dict)
    room: int = 0


def usable(allowance: Allowance, serving: int, ending: int) -> int:
    """The replicas that a pool may serve with some time after all was shared out, when `ending` of its pods will not
    serve any more. What has ended since cannot be taken back as if it were only draining.
    """
    return min(allowance.replicas, max(serving, allowance.footprint - ending))


def entitlements(budget: int, claims: Iterable[Claim]) -> dict[str, int]:
    """By uid. Nobody is entitled to more than its demand, and all together to no more than the budget."""
    ordered = sorted(claims, key=lambda claim: (-claim.priority, claim.uid))
    entitled: dict[str, int] = {}
    left = budget
    for claim in ordered:
        entitled[claim.uid] = min(claim.minimum, claim.demand, left)
        left -= entitled[claim.uid]
    for tier in _tiers(ordered):
        left -= _fill(left, tier, entitled)
    return entitled


def allowances(budget: int, claims: Sequence[Claim], *, preempts: bool) -> dict[str, Allowance]:
    """By uid. To be asked anew whenever a claim has changed, and followed by one pool at a time."""
    entitled = entitlements(budget, claims)
    shares = _Shares(budget, claims, entitled)
    shares.grant()
    if preempts:
        shares.preempt()
        shares.attribute()
    return {claim.uid: shares.allowance(claim) for claim in claims}


class _Shares:
    """One distribution under way: what each pool may have so far, what is free, and what will become free by itself."""

    def __init__(self, budget: int, claims: Sequence[Claim], entitled: Mapping[str, int]) -> None:
        self._ordered = sorted(claims, key=lambda claim: (-claim.priority, claim.uid))
        self._entitled = entitled
        self._allowed = {claim.uid: self._without_new_pods(claim) for claim in claims}
        self._free = budget - sum(claim.existing for claim in claims)
        self._coming = sum(claim.existing - self._stays(claim) for claim in claims)
        self._taken = {claim.uid: 0 for claim in claims}
        self._gives: dict[str, dict[str, int]] = {claim.uid: {} for claim in claims}
        self._givers: dict[str, dict[str, int]] = {claim.uid: {} for claim in claims}

    def grant(self) -> None:
        """Give what is free to those who are entitled to more than they have."""
        for tier in _tiers(self._ordered):
            takers = [claim for claim in tier if self._unmet(claim)]
            given = _fill(max(0, self._free), takers, self._allowed, self._entitled)
            self._free -= given

    def preempt(self) -> None:
        """Take what is missing still, and what is above the budget, from those who have more than their entitlement."""
        left = self._free + self._coming
        if left < 0:
            self._take(-left, self._ordered)
            left = 0
        for taker in self._ordered:
            missing = max(0, self._unmet(taker) - left)
            left = max(0, left - self._unmet(taker))
            if missing:
                self._take(missing, [claim for claim in self._ordered if claim.priority < taker.priority])

    def attribute(self) -> None:
        """Say which leaving pods make room for whom, so that both sides can name the other."""
        leaving = {claim.uid: self._leaving(claim) for claim in self._ordered}
        for taker in self._ordered:
            wanted = self._unmet(taker)
            for donor in reversed(self._ordered):
                count = min(wanted, leaving[donor.uid]) if donor.priority < taker.priority else 0
                if count:
                    wanted, leaving[donor.uid] = wanted - count, leaving[donor.uid] - count
                    self._gives[donor.uid][taker.name] = count
                    self._givers[taker.uid][donor.name] = count

    def allowance(self, claim: Claim) -> Allowance:
        return Allowance(
            replicas=self._allowed[claim.uid],
            entitled=self._entitled[claim.uid],
            footprint=claim.existing + max(0, self._allowed[claim.uid] - self._without_new_pods(claim)),
            taken=self._taken[claim.uid],
            gives=self._gives[claim.uid],
            waits=self._unmet(claim),
            givers=self._givers[claim.uid],
            room=max(0, self._free),
        )

    def _without_new_pods(self, claim: Claim) -> int:
        """What it may have at no cost: what serves, and draining pods released as far as it is entitled to them."""
        return max(claim.serving, min(claim.held, self._entitled[claim.uid]))

    def _stays(self, claim: Claim) -> int:
        return min(self._allowed[claim.uid], claim.demand)

    def _unmet(self, claim: Claim) -> int:
        return max(0, self._entitled[claim.uid] - self._allowed[claim.uid])

    def _leaving(self, claim: Claim) -> int:
        """The pods on their way out of a pool that would rather keep them."""
        allowed = self._allowed[claim.uid]
        return max(0, min(claim.existing, claim.demand) - allowed)

    def _take(self, count: int, claims: Sequence[Claim]) -> None:
        """Take `count` from the lowest priority first, there from whoever has most above its entitlement."""
        for donor in sorted(claims, key=lambda claim: (claim.priority, -self._spare(claim), claim.uid)):
            taken = min(count, self._spare(donor))
            if taken > 0:
                self._allowed[donor.uid] = self._stays(donor) - taken
                self._taken[donor.uid] += taken
                count -= taken

    def _spare(self, claim: Claim) -> int:
        """What it could give now. What its own demand lets go counts first among those that may be asked."""
        stays = self._stays(claim)
        takeable = claim.takeable - (claim.serving - stays)
        return max(0, min(stays - max(self._entitled[claim.uid], claim.minimum), takeable))


def _tiers(ordered: Iterable[Claim]) -> Iterator[list[Claim]]:
    for _, tier in groupby(ordered, key=lambda claim: claim.priority):
        yield list(tier)


def _fill(left: int, claims: Iterable[Claim], has: dict[str, int], most: Mapping[str, int] | None = None) -> int:
    """Raise `has` towards `most` (the demand, where nothing is given), one at a time for whoever has least, ties by
    uid; returns how many of `left` were given.
    """
    most = {claim.uid: claim.demand for claim in claims} if most is None else most
    waiting = [(has[claim.uid], claim.uid) for claim in claims if has[claim.uid] < most[claim.uid]]
    heapify(waiting)
    given = 0
    while waiting and given < left:
        count, uid = waiting[0]
        given += 1
        has[uid] = count + 1
        if has[uid] < most[uid]:
            heapreplace(waiting, (count + 1, uid))
        else:
            heappop(waiting)
    return given
