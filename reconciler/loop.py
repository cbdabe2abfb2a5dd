"""The workers: take a key, run its phases in order, write its status, and say when to come again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Hashable, Iterable
from typing import Any, Final

from crds import without_effect
from kube.errors import ApiError
from reconciler import conditions, metrics
from reconciler.context import Context
from reconciler.errors import ReconcileError, Stalled, Transient, Waiting, from_api
from reconciler.keys import Key
from reconciler.observations import QueueName
from reconciler.outcome import Outcome
from reconciler.phases import Reconcile, State
from reconciler.reasons import Reason
from reconciler.status import StatusWriter
from reconciler.workqueue import Taken, WorkQueue

log = logging.getLogger(__name__)

A_TURN: Final = 10
"""Passes that begin in one turn of the event loop: some 7 ms of work."""
SHOWN_AFTER: Final = 3
"""How many passes in a row must fail for a transient error to be shown. One lost packet is no news."""


class Loop:
    """`run` works until `stop`; then keys are no longer taken, and the passes under way may end."""

    def __init__(
        self, context: Context, queue: WorkQueue[Key], writer: StatusWriter, kinds: Iterable[Reconcile[Any]]
    ) -> None:
        self._context = context
        self._queue = queue
        self._writer = writer
        self._kinds = {kind.kind.kind: kind for kind in kinds}
        self._stopping = asyncio.Event()
        self._turn = asyncio.Semaphore(A_TURN)
        self._digests: dict[Key, Hashable] = {}
        self._ineffective: dict[Key, tuple[str, int, tuple[str, ...]]] = {}

    def stop(self) -> None:
        self._queue.close()
        self._stopping.set()

    async def run(self, workers: int, grace: float) -> None:
        """Raises what broke a worker. After `stop` it lasts at most `grace` seconds more."""
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(self._worker(), name=f"worker {i}") for i in range(workers)]
            tasks.create_task(self._cut_off(working, grace))

    async def _cut_off(self, working: list[asyncio.Task[None]], grace: float) -> None:
        await self._stopping.wait()
        _, late = await asyncio.wait(working, timeout=grace)
        for task in late:
            log.warning("a pass did not end within %g s and is cut off", grace)
            task.cancel()

    async def _worker(self) -> None:
        while (taken := await self._taken()) is not None:
            self._context.metrics.observe(metrics.WORKQUEUE_SECONDS, seconds=taken.waited)
            try:
                await self._work(taken.key, taken.waited)
            finally:
                self._queue.done(taken.key)

    async def _taken(self) -> Taken[Key] | None:
        """A few passes begin in one turn of the event loop, however many workers there are.

        Most passes wait for nothing, and the watch, the answers and the Lease have to get on beside them: where each
        of 500 workers began one every turn, the watch took minutes to tell of 500 new Deployments.
        """
        async with self._turn:
            taken = await self._queue.take()
            await asyncio.sleep(0)
        return taken

    async def _work(self, key: Key, late: float) -> None:
        # What another install has claimed is its own to keep: here it is as if it were gone, and nothing is written.
        claimed = self._context.store.claimed(key.namespace)
        obj = None if claimed else self._context.store.get(key)
        kind = self._kinds.get(key.kind)
        # Of a namespace that is being deleted everything is let go of, and no work is to delay that.
        if kind is None or key.namespace in self._context.ending:
            return
        if obj is None:
            self._forget(key)
            return
        began = self._context.monotonic()
        state = kind.begin(obj, self._context)
        state.late = late
        outcome = await self._pass(kind, state)
        again = await self._conclude(kind, state, outcome)
        self._context.metrics.observe(metrics.RECONCILE_SECONDS, key.kind, seconds=self._context.monotonic() - began)
        if again is not None:
            self._queue.add_after(key, again)

    async def _pass(self, kind: Reconcile[Any], state: State) -> Outcome:
        """Run the phases; every way in which one can end becomes an outcome."""
        name = ""
        try:
            async with asyncio.timeout(self._context.settings.pass_timeout):
                for phase in kind.phases_for(state):
                    name = phase.__name__
                    await phase(state, self._context)
        except ReconcileError as error:
            return Outcome(error, name)
        except ApiError as error:
            return Outcome(from_api(error), name)
        except Exception as error:
            log.exception("%s: %s failed", state.key, name)
            return Outcome(Transient(Reason.INTERNAL_ERROR, f"{name} failed with {type(error).__name__}"), name)
        return Outcome()

    async def _conclude(self, kind: Reconcile[Any], state: State, outcome: Outcome) -> float | None:
        """Write the status, and tell in how many seconds to come again; None where a retry is already due."""
        key = state.key
        self._count(key, outcome)
        if isinstance(outcome.error, Transient):
            failures = self._queue.retry(key)
            if outcome.error.quiet or failures < SHOWN_AFTER:
                return None
        try:
            lag = None if self._said(state) else await self._write(kind, state, outcome)
        except ApiError as error:
            log.warning("%s: the status was not written: %s", key, error)
            if not isinstance(outcome.error, Transient):
                self._queue.retry(key)
            return None
        self._remember(state, lag)
        if isinstance(outcome.error, Transient):
            return None
        self._queue.succeed(key)
        asked = outcome.error.after if isinstance(outcome.error, Waiting) else None
        return min(wanted for wanted in (lag, asked, state.asked, self._resync()) if wanted is not None)

    def _said(self, state: State) -> bool:
        """Whether status says already what this pass has found, word for word."""
        return state.digest is not None and self._digests.get(state.key) == state.digest

    def _remember(self, state: State, lag: float | None) -> None:
        """What waits to be written has not been said."""
        if state.digest is not None and lag is None:
            self._digests[state.key] = state.digest
        else:
            self._digests.pop(state.key, None)

    async def _write(self, kind: Reconcile[Any], state: State, outcome: Outcome) -> float | None:
        status = dict(kind.summarize(state, outcome))
        said = conditions.concluded(state.conditions, outcome).said()
        status["conditions"] = conditions.merged(
            state.key.kind,
            state.status.get("conditions") or (),
            conditions.with_note(said, self._without_effect(state)),
            generation=state.generation,
            now=state.now,
            complete=outcome.complete,
        )
        status["observedGeneration"] = state.generation
        return await self._writer.write(state.obj, status, kind.fields)

    def _without_effect(self, state: State) -> tuple[str, ...]:
        """The spec fields that nothing follows yet; looked for once a generation, for it costs as much as a pass."""
        known = self._ineffective.get(state.key)
        if known is None or known[:2] != (state.uid, state.generation):
            known = (state.uid, state.generation, without_effect(state.key.kind, state.obj))
            self._ineffective[state.key] = known
        return known[2]

    def _count(self, key: Key, outcome: Outcome) -> None:
        error = outcome.error
        if isinstance(error, Stalled) or (isinstance(error, Transient) and not error.quiet):
            self._context.metrics.add(metrics.RECONCILE_ERRORS, key.kind, str(error.reason))
            log.info("%s: %s ended the pass: %s", key, outcome.phase, error)

    def _forget(self, key: Key) -> None:
        """The object is gone, and with it everything that was kept for it."""
        self._queue.drop(key)
        self._writer.forget(key)
        self._ineffective.pop(key, None)
        self._digests.pop(key, None)
        self._context.metrics.forget(key)
        self._context.compliance.forget(key)
        self._context.glass.pop(key, None)
        self._context.endings.pop(key, None)
        if key.kind == "Queue":
            self._context.polls.drop(QueueName(key.namespace, key.name))
            self._context.observations.forget(QueueName(key.namespace, key.name))
            self._context.queues.pop(key, None)

    def _resync(self) -> float:
        return self._context.settings.resync * self._context.rng.uniform(0.9, 1.1)
