"""A kind of which only the conditions matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.context import Context
from reconciler.outcome import Outcome
from reconciler.phases import Object, State


def begin(obj: Object, ctx: Context) -> State:
    return State(obj=obj, now=ctx.clock())


def nothing_more(state: State, outcome: Outcome) -> Mapping[str, Any]:
    """A status that is all conditions."""
    return {}
