"""How many workers each revision of a pool shall have: pure, decided anew in every pass.

The new revision fills the room that surge and leaving workers give it; the old ones keep what the new one does not yet
serve, oldest revision first to go. Until the new one has proved itself, growth goes to the newest old one. So at most
wanted + surge pods exist, those that drain included, and never fewer than wanted - unavailable serve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

MOST_REVISIONS: Final = 4
"""Revisions that may have pods at the same time; with more, only the newest spec waits."""


@dataclass(frozen=True, slots=True)
class Revision:
    """`replicas` is the Deployment's number, `pods` every pod that exists, `terminating` ones included, which its
    controller does not count any more. `serving` are ready for long enough and not asked to leave. `created` orders the
    revisions, in seconds. A `failed` one is rolled back.
    """

    name: str
    created: float
    replicas: int = 0
    pods: int = 0
    terminating: int = 0
    serving: int = 0
    proved: bool = False
    failed: bool = False

    @property
    def live(self) -> bool:
        return self.size > 0

    @property
    def size(self) -> int:
        """Its pods, those included that its controller has yet to create."""
        return self.with_replicas(self.replicas)

    def with_replicas(self, replicas: int) -> int:
        """The pods there will be for a moment with another number: who terminates is replaced before it is gone."""
        return self.terminating + max(self.pods - self.terminating, replicas)


@dataclass(frozen=True, slots=True)
class Bounds:
    """By how many replicas a rollout may go above and below the wanted number."""

    surge: int
    unavailable: int


def bounds(max_surge: int | str, max_unavailable: int | str, wanted: int) -> Bounds:
    """As Deployments read them: a percentage of surge is rounded up, one of unavailable down; both 0 means 0 and 1."""
    surge, unavailable = _share(max_surge, wanted, up=True), _share(max_unavailable, wanted, up=False)
    return Bounds(surge, unavailable) if surge or unavailable else Bounds(0, 1)


def leading(wanted: Revision, old: Sequence[Revision]) -> Revision:
    """The revision that is to serve in the end: the one the spec asks for, if it may and can.

    While too many are alive the newest of these leads. A failed one gives way to the newest that has proved itself, or
    where none has had the time to, to the newest whose workers serve: anything is better than what has failed.
    """
    if wanted.failed:
        able = [one for one in old if one.proved or one.serving]
        return max(able, key=lambda one: (one.proved, one.live, one.created), default=wanted)
    return max((one for one in old if one.live), key=lambda one: one.created) if too_many(wanted, old) else wanted


def within(limits: Bounds, surge: int | None) -> Bounds:
    """The limits where only `surge` more pods may exist; without any, one worker leaves before its successor comes."""
    if surge is None or surge >= limits.surge:
        return limits
    return Bounds(surge, limits.unavailable) if surge or limits.unavailable else Bounds(0, 1)


def targets(
    wanted: int, limits: Bounds, current: Revision, old: Sequence[Revision], *, hold: bool = False
) -> dict[str, int]:
    """The number of workers to keep or to reach, for each revision. With `hold` no old one is asked to leave."""
    live = sorted((revision for revision in old if revision.live), key=lambda revision: -revision.created)
    resting = {revision.name: 0 for revision in old}
    if not live or not wanted:
        return {**resting, current.name: wanted}
    most = wanted + limits.surge
    served = current.serving if current.proved else 0
    growth = 0 if current.proved else most - current.size - sum(revision.size for revision in live)
    kept = _keep(max(0, wanted - limits.unavailable - served), live, max(0, growth))
    if hold:
        kept = {one.name: max(kept[one.name], one.replicas) for one in live}
    room = most - sum(revision.with_replicas(kept[revision.name]) for revision in live)
    return {**resting, **kept, current.name: min(wanted, max(current.replicas, room, 0))}


def remaining(wanted: int, revisions: Sequence[Revision]) -> dict[str, int]:
    """The number of workers to keep of each revision while none can be started: what has proved itself stays longest,
    and of that the newest.
    """
    kept: dict[str, int] = {}
    left = wanted
    for revision in sorted(revisions, key=lambda one: (one.proved, one.created), reverse=True):
        kept[revision.name] = min(revision.replicas, left)
        left -= kept[revision.name]
    return kept


def too_many(current: Revision, old: Sequence[Revision]) -> bool:
    """Whether the current revision has to wait for an old one to be gone before it gets a pod."""
    return not current.live and sum(revision.live for revision in old) >= MOST_REVISIONS


def _keep(total: int, newest_first: Sequence[Revision], growth: int) -> dict[str, int]:
    """`total` workers shared out among old revisions, of which the newest may get up to `growth` more than it has."""
    kept: dict[str, int] = {}
    left = total
    for revision in newest_first:
        kept[revision.name] = min(revision.replicas, left)
        left -= kept[revision.name]
    kept[newest_first[0].name] += min(left, growth)
    return kept


def _share(value: int | str, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = int(value.rstrip("%")) * wanted / 100
    return ceil(exact) if up else floor(exact)
