"""One queue this worker takes jobs from, and what it knows about its own jobs in flight there.

`unsure` is set when an answer to a take got lost: jobs may be in flight here that this process has never seen, and the
broker may even come to that take later, when it was only slow. So first the fence is raised and written into the status
record, after which the lost take can't take effect any more, and then what is in flight is compared. Until then the
source counts as fetching.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .bell import Bell
from .config import QueueConfig
from .connection import Broker
from .credentials import Credentials
from .jobs import Entry
from .keys import whereabouts
from .layout import QueueAtBroker, Taken
from .outage import BROKER_ERRORS, Outage
from .records import Counters, State

Clock = Callable[[], float]


class Source:
    """`after` is an earlier form of the same queue: nothing is taken here before that one has left."""

    def __init__(self, queue: QueueConfig, instance: str, clock: Clock, after: Source | None = None) -> None:
        self.broker = Broker(queue.url, Credentials(queue.credentials))
        self._instance, self._clock = instance, clock
        self._outage = Outage(f"queue {queue.name} at {self.broker.address}")
        self._not_before, self._due_at = 0.0, float("inf")
        self.unsure = self.touched = False
        self.fence = 1
        self.confirmed_epoch = 0
        self.announce, self.freed = Bell(), Bell()
        self.published: Mapping[str, Any] | None = None
        self.heard_since: float | None = None
        self.retired, self.left = asyncio.Event(), asyncio.Event()
        self._after = after
        self.counters = Counters()
        self._ahead: float | None = None
        self.follow(queue)

    def follow(self, queue: QueueConfig) -> None:
        """Takes over a new configuration of the same queue; limits, retries, priorities and pauses act from the
        next job on.
        """
        self.queue = queue
        self.at_broker = QueueAtBroker(self.broker, queue, self._instance)
        self._not_before = 0.0

    def told_time(self, seconds: float) -> None:
        """What the broker's clock says at this moment."""
        self._ahead = seconds - self._clock()

    def waited(self, enqueued_at: object) -> float | None:
        """How long a job that begins now has waited by the broker's clock; None where one of both is not known."""
        if self._ahead is None or isinstance(enqueued_at, bool) or not isinstance(enqueued_at, int | float):
            return None
        return max(0.0, self._clock() + self._ahead - enqueued_at)

    @property
    def name(self) -> str:
        return self.queue.name

    def marks(self) -> dict[str, Any]:
        """What this source adds to the status record: where its jobs in flight are, and its fence."""
        return {"inFlight": whereabouts(self.queue, self._instance), "fence": self.fence}

    def ready(self) -> bool:
        """Whether a take makes sense now."""
        blocked = self.queue.paused or self.retired.is_set() or self.unsure
        return self.open() and not blocked and not self.resting()

    def ready_in(self) -> float:
        """Seconds until a take may make sense, as far as the source itself knows: a token, a due job, a
        broker's return.
        """
        now = self._clock()
        return max(0.0, self._not_before - now) or max(0.0, self._due_at - now)

    def resting(self) -> bool:
        """Whether the broker failed a moment ago or gives no token yet."""
        return self._clock() < self._not_before

    def fenced(self) -> bool:
        """Whether the broker has our latest fence, so that nothing sent under an older one can take effect any more."""
        return self.published is not None and self.published["fence"] == self.fence

    def open(self) -> bool:
        """Whether a take would be carried out, as far as we know: our last record says Running and has our fence."""
        return self.fenced() and self.published is not None and self.published["state"] == State.RUNNING

    async def beginning(self) -> None:
        """Returns when nothing of an earlier form of the queue is left here."""
        if self._after is not None:
            await self._after.left.wait()

    async def take(self, want: int) -> Taken | None:
        """Takes up to `want` jobs; None when the broker didn't answer, after which the source is unsure."""
        self.unsure = self.touched = True
        try:
            taken = await self.at_broker.take(want, self.fence)
        except BROKER_ERRORS as error:
            self.fence += 1
            self._rest(self._outage.failed(error))
            return None
        self.unsure = False
        self._outage.over()
        self._due_at = self._clock() + (float("inf") if taken.due is None else taken.due)
        # A closed source opens with the next record, which the caller asks for.
        self._rest(taken.refill if taken.open else 0.05)
        return taken

    async def unknown(self, known: Iterable[Entry]) -> list[Entry] | None:
        """Jobs in flight here that are not in `known`, which was read before; None when the broker didn't answer."""
        mine = Counter(known)
        try:
            at_broker = Counter(await self.at_broker.entries())
        except BROKER_ERRORS as error:
            self._rest(self._outage.failed(error))
            return None
        self._outage.over()
        self.unsure = False
        return list((at_broker - mine).elements())

    async def give_back(self, entry: Entry) -> bool:
        """Gives back a job not started; whether it was still ours."""
        try:
            return await self.at_broker.give_back(entry, self.fence)
        except BROKER_ERRORS:
            self.fence += 1
            raise

    def _rest(self, seconds: float) -> None:
        self._not_before = self._clock() + seconds

    def priority_of(self, entry: Entry) -> str:
        """The priority whose lane the job came from, '' where the queue has none."""
        lane, base = entry.lane.decode(), self.queue.key_prefix + self.queue.queue_name
        return lane[len(base) + 1 :] if lane != base else ""
