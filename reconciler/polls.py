"""Which queues are read together, and when. Pure: all times are seconds of the steady clock, passed in.

A queue is here while all that its status says follows from a few values, and those are as the last pass over it found
them. So a queue at rest costs a reading and two comparisons, and no pass. Whatever else is true of it, its own passes
read it, until all is plain again.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import count
from typing import Final

from crds.v1 import QueueSpec
from reconciler.brokers.sight import Sight
from reconciler.observations import QueueName

TICK_SECONDS: Final = 0.02
"""Queues that are due within so much time are read together."""


def following(due: float, now: float, interval: float) -> float:
    """When to read again what was due at `due` and is read now.

    Who was late keeps its place among the others: else all that fell due while everything stood still would be read in
    one bunch from then on, each waiting for the rest. Nobody is read more than twice as often because of that.
    """
    return max(due + interval, now + interval / 2)


@dataclass(slots=True)
class Poll:
    """One queue. `lasting` is what conditions say of it and what is told at once, `numbers` what may lag in status.

    At `pass_at` it is passed over whatever is read. `seen` is what the last reading here gave; `failed` says that the
    one before this did not succeed.
    """

    name: QueueName
    spec: QueueSpec
    due: float
    lasting: Hashable
    numbers: Hashable
    pass_at: float
    seen: Sight | None = None
    failed: bool = False


class Polls:
    """A queue is due once a time, and not again before `again` has been called for it."""

    def __init__(self) -> None:
        self._polls: dict[QueueName, Poll] = {}
        self._heap: list[tuple[float, int, Poll]] = []
        self._order = count()

    def expect(self, poll: Poll) -> None:
        """Read a queue from now on, as `poll` says and no longer as an earlier one did."""
        self._polls[poll.name] = poll
        self.again(poll, poll.due)

    def again(self, poll: Poll, due: float) -> None:
        """The next reading."""
        poll.due = due
        heapq.heappush(self._heap, (due, next(self._order), poll))

    def drop(self, name: QueueName) -> None:
        self._polls.pop(name, None)

    def get(self, name: QueueName) -> Poll | None:
        return self._polls.get(name)

    def holds(self, poll: Poll) -> bool:
        """Whether nothing has taken its place since."""
        return self._polls.get(poll.name) is poll

    def due(self, now: float) -> list[Poll]:
        """What is to be read now, the longest due first."""
        found: list[Poll] = []
        while self._heap and self._heap[0][0] <= now:
            when, _, poll = heapq.heappop(self._heap)
            if self.holds(poll) and poll.due == when:
                found.append(poll)
        return found

    def __len__(self) -> int:
        return len(self._polls)
