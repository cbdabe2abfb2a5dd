"""How pools that work off the same queue divide it among themselves. Pure.

By the slots each of them could bring: `maxReplicas` times concurrency. A pool that cannot grow now, because it is
paused, held, on its way out or broken, brings only the slots that it has ready, so that the others take over its part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Sharer:
    """One pool of a queue. With `able` False it has `ready` replicas and gets no more."""

    uid: str
    max_replicas: int
    concurrency: int = 1
    ready: int = 0
    able: bool = True

    @property
    def slots(self) -> int:
        replicas = self.max_replicas if self.able else min(self.ready, self.max_replicas)
        return replicas * self.concurrency


def share(uid: str, sharers: Iterable[Sharer]) -> Fraction:
    """The part of the queue that falls to one of its pools: all of it where nobody brings anything."""
    slots = {sharer.uid: sharer.slots for sharer in sharers}
    total = sum(slots.values())
    return Fraction(slots.get(uid, 0), total) if total else Fraction(1)
