"""Which key is worked next, and when: per key serial, coalescing, with delays and growing waits after failures.

`Agenda` is the rule, pure and with time as an argument; `WorkQueue` is the same for tasks that wait.

Rules: a key that is woken while it waits is worked once. A key that is woken while it is worked is worked once more
afterwards. Taking a key settles everything asked for it before: the pass sees the newest state, and asks again for what
it still wants. No two workers ever hold the same key.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Generic, TypeVar

from kube.backoff import Backoff

K = TypeVar("K", bound=Hashable)


class Agenda(Generic[K]):
    """All times are seconds of one monotonic clock, passed in."""

    def __init__(self) -> None:
        self._ready: dict[K, float] = {}
        self._later: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._held: set[K] = set()
        self._woken: dict[K, float] = {}
        self._order = count()

    def add(self, key: K, now: float) -> None:
        """Work `key` as soon as possible."""
        self._later.pop(key, None)
        if key in self._held:
            self._woken.setdefault(key, now)
        else:
            self._ready.setdefault(key, now)

    def add_at(self, key: K, when: float, now: float) -> None:
        """Work `key` at `when`, or earlier if that is asked too."""
        if when <= now:
            self.add(key, now)
        elif key not in self._ready and key not in self._woken and when < self._later.get(key, float("inf")):
            self._later[key] = when
            heapq.heappush(self._heap, (when, next(self._order), key))

    def take(self, now: float) -> tuple[K, float] | None:
        """The next key to work and since when it was due; None when nothing is. The caller holds it until `done`."""
        self._wake(now)
        if not self._ready:
            return None
        key = next(iter(self._ready))
        self._held.add(key)
        return key, self._ready.pop(key)

    def done(self, key: K) -> None:
        """The pass is over."""
        self._held.discard(key)
        if key in self._woken:
            self._ready.setdefault(key, self._woken.pop(key))

    def drop(self, key: K) -> None:
        """Nobody wants this key any more."""
        self._ready.pop(key, None)
        self._later.pop(key, None)
        self._woken.pop(key, None)

    def next_at(self) -> float | None:
        """When `take` may have something that it does not have now."""
        while self._heap and self._later.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    @property
    def depth(self) -> int:
        """Keys that could be worked now."""
        return len(self._ready)

    @property
    def delayed(self) -> int:
        return len(self._later)

    @property
    def held(self) -> int:
        return len(self._held)

    def _wake(self, now: float) -> None:
        while (when := self.next_at()) is not None and when <= now:
            key = heapq.heappop(self._heap)[2]
            self.add(key, when)


@dataclass(frozen=True, slots=True)
class Taken(Generic[K]):
    """A key and how long it had been due, in seconds."""

    key: K
    waited: float


@dataclass
class WorkQueue(Generic[K]):
    """The agenda for asyncio. Used from one event loop; every method but `take` returns at once."""

    backoff: Backoff = field(default_factory=lambda: Backoff(initial=0.1, maximum=60.0))
    rng: Random = field(default_factory=Random)
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.agenda: Agenda[K] = Agenda()
        self._failures: dict[K, int] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._alarm: tuple[float, asyncio.TimerHandle] | None = None
        self._closed = False

    def add(self, key: K) -> None:
        self.agenda.add(key, self.monotonic())
        self._rouse()

    def add_after(self, key: K, seconds: float) -> None:
        now = self.monotonic()
        self.agenda.add_at(key, now + seconds, now)
        self._rouse()

    def retry(self, key: K) -> int:
        """Work `key` again after a failure, each time later; returns how many failed in a row."""
        self._failures[key] = failures = self._failures.get(key, 0) + 1
        self.add_after(key, self.backoff.delay(failures, self.rng))
        return failures

    def hurry(self) -> None:
        """What failed may succeed now: work every key that waits after a failure as soon as possible."""
        for key in self._failures:
            self.agenda.add(key, self.monotonic())
        self._rouse()

    def failures(self, key: K) -> int:
        return self._failures.get(key, 0)

    def succeed(self, key: K) -> None:
        self._failures.pop(key, None)

    def drop(self, key: K) -> None:
        self.agenda.drop(key)
        self._failures.pop(key, None)

    def close(self) -> None:
        """Hand out nothing any more; what waits in `take` returns."""
        self._closed = True
        while self._next_turn():
            continue
        self._disarm()

    async def take(self) -> Taken[K] | None:
        """Wait for a key; the caller must call `done` with it. None when the queue is closed."""
        while not self._closed:
            now = self.monotonic()
            if (found := self.agenda.take(now)) is not None:
                self._rouse()
                return Taken(found[0], max(0.0, now - found[1]))
            await self._wait()
        return None

    def done(self, key: K) -> None:
        self.agenda.done(key)
        self._rouse()

    async def _wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._arm()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # Its turn had come, and is another's now.
                self._rouse()
            raise

    def _rouse(self) -> None:
        """Give the longest waiting worker its turn where there is something to take, and no more than that one.

        It rouses the next when it has taken its own: who finds nothing would only have been woken for nothing.
        """
        if not self._waiting:
            return
        when = self.agenda.next_at()
        if self.agenda.depth or (when is not None and when <= self.monotonic()):
            self._next_turn()
        else:
            self._arm()

    def _arm(self) -> None:
        """See to it that somebody is roused when the next delayed key is due."""
        when = self.agenda.next_at()
        if when is None or (self._alarm is not None and self._alarm[0] <= when):
            return
        self._disarm()
        seconds = max(0.0, when - self.monotonic())
        self._alarm = (when, asyncio.get_running_loop().call_later(seconds, self._ring))

    def _ring(self) -> None:
        self._alarm = None
        self._next_turn()

    def _next_turn(self) -> bool:
        """Let the worker go that has waited longest; whether there was one. Some have been cancelled meanwhile."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return True
        return False

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm[1].cancel()
            self._alarm = None
