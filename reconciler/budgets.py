"""What this process remembers of pools that share a budget: what each has asked for and was last allowed.

Forgetting it is safe. A pool that has not been looked at yet counts with the replicas it has and nothing is taken from
it, so the first seconds after a start only delay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.keys import Key
from reconciler.plans.budget import Allowance, Claim, allowances

KEPT_SECONDS: Final = 1.0
"""How long a distribution holds. Pools that follow the same one, in any order, never exceed the budget together."""
SOONEST_SECONDS: Final = 0.25
"""How soon a pool that asks for something else has all of it worked out again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pool said in its last pass: its damped demand, its lower bound, and with how many it goes on. `most` pods
    may exist until it says otherwise, a rollout's surge included.
    """

    demand: int
    minimum: int
    serving: int
    most: int


@dataclass(frozen=True, slots=True)
class Member:
    """One pool of a budget."""

    key: Key
    claim: Claim


@dataclass(slots=True)
class _Distribution:
    at: float
    members: Sequence[Member]
    allowances: Mapping[str, Allowance]
    room: int


@dataclass(slots=True)
class Budgets:
    """By the uid of a pool, and of a policy."""

    asked: dict[str, Asked] = field(default_factory=dict)
    _latest: dict[str, _Distribution] = field(default_factory=dict)

    def allowance(
        self, policy: str, budget: int, uid: str, now: float, members: Callable[[], Sequence[Member]], *, preempts: bool
    ) -> tuple[Allowance | None, Sequence[Member]]:
        """What a pool may have, and the members that a new distribution gives a reason to look again."""
        latest = self._latest.get(policy)
        if latest is not None and uid in latest.allowances and now - latest.at < self._holds(latest, uid):
            return latest.allowances[uid], ()
        found = members()
        claims = [member.claim for member in found]
        shared = allowances(budget, claims, preempts=preempts)
        room = min((allowance.room for allowance in shared.values()), default=0)
        new = self._latest[policy] = _Distribution(now, found, shared, room)
        return new.allowances.get(uid), [one for one in found if one.claim.uid != uid and self._concerns(one, new)]

    def surge(self, policy: str, uid: str, serving: int, wanted: int) -> int:
        """How many pods above the number it goes on with a pool may have for a rollout: what it has already, and what
        is free. A pool that grows serves with the pods that it had above its number, so they are no surge any more.
        """
        asked, latest = self.asked.get(uid), self._latest.get(policy)
        has = max(0, asked.most - serving) if asked is not None else 0
        given = max(0, min(wanted - has, latest.room if latest is not None else 0))
        if latest is not None:
            latest.room -= given
        return min(wanted, has + given)

    def forget(self, uid: str) -> None:
        self.asked.pop(uid, None)

    def _holds(self, latest: _Distribution, uid: str) -> float:
        """For how long a distribution is good enough for one pool."""
        asked = self.asked.get(uid)
        known = next((member.claim.demand for member in latest.members if member.claim.uid == uid), None)
        return KEPT_SECONDS if asked is None or asked.demand == known else SOONEST_SECONDS

    def _concerns(self, member: Member, latest: _Distribution) -> bool:
        """Whether a pool would do something about its new allowance: give, or grow."""
        asked, allowance = self.asked.get(member.claim.uid), latest.allowances[member.claim.uid]
        if asked is None:
            return False
        return allowance.replicas < asked.serving or (allowance.replicas > asked.serving < asked.demand)
