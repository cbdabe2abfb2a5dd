"""A pass that finds what status says already does not even make it; nothing that waits to be written is lost."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, cast

from crds import meta
from reconciler.context import Context
from reconciler.keys import Key, key_of
from reconciler.loop import Loop
from reconciler.phases import Reconcile, State
from reconciler.status import StatusWriter
from reconciler.workqueue import WorkQueue
from tests.reconciler.builders import queue
from tests.reconciler.phases.worlds import World
from tests.reconciler.plain import begin, nothing_more


@dataclass
class Writer:
    """In place of the one that writes: `lags` is what it answers, None for ever after."""

    lags: list[float | None] = field(default_factory=list)
    wrote: int = 0

    async def write(self, *_: Any) -> float | None:
        self.wrote += 1
        return self.lags.pop(0) if self.lags else None

    def forget(self, key: Key) -> None:
        """Nothing is remembered."""


async def passes(writer: Writer, *digests: Hashable) -> int:
    """How often status was made for passes that found these."""
    left = list(digests)

    async def find(state: State, ctx: Context) -> None:
        state.digest = left.pop(0)
        state.again(1000)

    world, keys = World(), WorkQueue[Key]()
    kind = Reconcile(kind=meta.QUEUE, begin=begin, phases=(find,), summarize=nothing_more)
    loop = Loop(world.ctx, keys, cast("StatusWriter", writer), (kind,))
    obj = queue("orders")
    world.ctx.world.store.put(obj)
    for _ in digests:
        keys.add(key_of(obj))
        taken = keys.agenda.take(keys.monotonic())
        assert taken is not None
        keys.done(taken[0])
        await loop._work(taken[0], 0.0)
    return writer.wrote


async def test_what_was_said_is_not_said_again() -> None:
    assert await passes(Writer(), "a", "a", "a") == 1


async def test_something_else_is_said() -> None:
    assert await passes(Writer(), "a", "b", "b", "a") == 3


async def test_without_a_digest_everything_is_compared() -> None:
    assert await passes(Writer(), None, None, "a", None, "a") == 5


async def test_what_waits_to_be_written_has_not_been_said() -> None:
    assert await passes(Writer([20.0, 10.0]), "a", "a", "a", "a") == 3
