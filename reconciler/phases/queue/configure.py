"""The first phase: what the Queue asks for, and what the policies add to it."""

from __future__ import annotations

from pydantic import ValidationError

from crds.v1 import QueueSpec
from reconciler.context import Context
from reconciler.errors import Stalled
from reconciler.phases.queue.known import known
from reconciler.phases.queue.state import QueueState
from reconciler.reasons import Reason


async def configure(state: QueueState, ctx: Context) -> None:
    memory = known(state.obj, ctx)
    if memory.parsed is None:
        memory.parsed = _parsed(state)
    state.parsed, state.effective = memory.parsed, memory.effective


def _parsed(state: QueueState) -> QueueSpec:
    try:
        return QueueSpec.model_validate(state.spec)
    except ValidationError as error:
        # Only an object from before the present schema can be here: the API server refuses others.
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in ("spec", *first["loc"]))
        raise Stalled(Reason.INVALID_SPEC, f"{field}: {first['msg']}") from None
