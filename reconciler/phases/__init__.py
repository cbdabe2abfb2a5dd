"""What the reconciler does about each kind: a tuple of named phases, in the order they run.

How to write one
----------------
A kind is one `Reconcile`: how a pass begins, its phases, and how its end reads in status.

    async def read_secret(state: QueueState, ctx: Context) -> None: ...
    async def observe(state: QueueState, ctx: Context) -> None: ...

    QUEUE = Reconcile(
        kind=meta.QUEUE,
        begin=lambda obj, ctx: QueueState.of(obj, ctx),
        phases=(read_secret, observe),
        delete_phases=(release,),
        summarize=summarize,            # pure: (state, outcome) -> status
        fields=Fields(fast=frozenset({"waiting"}), quiet=frozenset({"observedTime"})),
    )

- A phase gathers, or decides by calling a pure plan, or applies. It reads `state.obj` (a copy of nothing: do not change
  it), writes its findings into the state for later phases, and returns None.
- It ends the pass by raising `Stalled`, `Waiting` or `Transient` (`reconciler.errors`). Errors of the API server and
  unexpected exceptions need not be caught: the runner maps them, and the next pass begins from the beginning.
- It says what it found by `state.conditions.true(SCALING_LIMITED, Reason.X, "message")`. Ready, Reconciling and Stalled
  follow from the end of the pass; a phase sets Ready itself where it knows better, and Reconciling for a rollout.
- `state.again(2.0)` asks for another pass in two seconds; the earliest of all that asked counts. Without any, the
  object is looked at when an event wakes it, or at the slow resync. `ctx.wake(key)` wakes another object.
- Everything from outside is in the context: `ctx.clock()`, `ctx.monotonic()`, `ctx.rng`, `ctx.client`, `ctx.store`,
  `ctx.observations`, `ctx.metrics`, `ctx.events`, `ctx.settings`, `ctx.brokers`.
- While `metadata.deletionTimestamp` is set, `delete_phases` run instead, if there are any.

`summarize` returns all of `status` except `conditions` and `observedGeneration`, which the runner adds. A field that is
left out is removed from the object, so what a pass that ended early did not come to know is carried over from
`state.status`, the status as it is stored. `fields` says which top-level fields may lag: `fast` ones are written at
most every 30 s, `quiet` ones only when something else is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from crds import meta
from reconciler.conditions import Conditions
from reconciler.context import Context
from reconciler.keys import Key, key_of
from reconciler.outcome import Outcome
from reconciler.status import ALL_AT_ONCE, Fields

Object = dict[str, Any]


@dataclass(kw_only=True)
class State:
    """One pass over one object. A kind's own state is a dataclass that extends this; `now` is fixed for the pass.

    `late` is for how long the pass had been due when it began, in seconds. A phase that knows all that status says from
    a few values puts them into `digest`: as long as they stay the same, status is neither made nor compared.
    """

    obj: Object
    now: datetime
    conditions: Conditions = field(default_factory=Conditions)
    asked: float | None = None
    late: float = 0.0
    digest: Hashable = None

    @property
    def key(self) -> Key:
        return key_of(self.obj)

    @property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Empty for a kind without namespaces."""
        return str(self.obj["metadata"].get("namespace", ""))

    @property
    def uid(self) -> str:
        return str(self.obj["metadata"]["uid"])

    @property
    def generation(self) -> int:
        return int(self.obj["metadata"]["generation"])

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.obj["metadata"]

    @property
    def spec(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self.obj.get("spec") or {}
        return spec

    @property
    def status(self) -> Mapping[str, Any]:
        """The status as it is stored."""
        status: Mapping[str, Any] = self.obj.get("status") or {}
        return status

    def again(self, seconds: float) -> None:
        """Ask for another pass in `seconds`."""
        self.asked = seconds if self.asked is None else min(self.asked, seconds)


S = TypeVar("S", bound=State)
Phase = Callable[[S, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reconcile(Generic[S]):
    """Everything the reconciler does about one kind, as data."""

    kind: meta.Kind
    begin: Callable[[Object, Context], S]
    phases: tuple[Phase[S], ...]
    summarize: Callable[[S, Outcome], Mapping[str, Any]]
    delete_phases: tuple[Phase[S], ...] = ()
    fields: Fields = ALL_AT_ONCE

    def phases_for(self, state: S) -> tuple[Phase[S], ...]:
        return self.delete_phases if state.deleting and self.delete_phases else self.phases
