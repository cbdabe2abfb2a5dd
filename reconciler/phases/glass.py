"""Break-glass on a Queue or a WorkerPool: an Event when it begins, and taken off when it is over.

Nothing else of a pass hangs on it: a write that is refused, as while the webhook is away, is tried again later.
"""

from __future__ import annotations

import logging
from typing import Final

from crds import meta
from crds.pointer import pointer
from kube.errors import ApiError, NotFound
from kube.resources import PODS
from policies import break_glass
from reconciler.context import Context
from reconciler.edits import edit
from reconciler.keys import key_of
from reconciler.phases import Object, State
from reconciler.plans.glass import Known, Step, plan
from reconciler.reasons import Reason

log = logging.getLogger(__name__)

PATH: Final = pointer(("metadata", "annotations", meta.ANNOTATION_BREAK_GLASS))


async def glass(state: State, ctx: Context) -> None:
    """That of the object itself; also of a pool that is paused, for only those with the verb could unpause it."""
    if not break_glass.annotation(state.obj):
        return
    known = ctx.glass.setdefault(state.key, Known())
    taken_off = await keep(state, ctx, state.obj, known)
    if taken_off is not None:
        state.obj = taken_off


async def keep(state: State, ctx: Context, obj: Object, known: Known) -> Object | None:
    """Do what the plan says; the object as it is after its annotation was taken off."""
    todo = plan(obj, known, ctx.clock(), ctx.monotonic(), guards=obj["kind"] == PODS.kind)
    if todo.after is not None:
        state.again(todo.after)
    written = break_glass.annotation(obj)
    match todo.step:
        case Step.ANNOUNCE:
            known.announced = written
            ctx.events.warning(obj, Reason.BREAK_GLASS, f"Break-glass {break_glass.read(obj) or written}")
        case Step.LEAVE:
            known.left = written
            message = (
                f"Break-glass was taken off and is written again, so it is left: remove it at its source: {written}"
            )
            ctx.events.warning(obj, Reason.BREAK_GLASS_ENDED, message)
        case Step.TAKE_OFF:
            known.tried_at = ctx.monotonic()
            return await _take_off(ctx, obj, known)
        case Step.REST:
            pass
    return None


async def _take_off(ctx: Context, obj: Object, known: Known) -> Object | None:
    written = break_glass.annotation(obj)
    try:
        stored = await edit(ctx, obj, ({"op": "test", "path": PATH, "value": written}, {"op": "remove", "path": PATH}))
    except NotFound:
        return None
    except ApiError as error:
        log.warning("break-glass of %s could not be taken off: %s", key_of(obj), error)
        return None
    known.taken_off = written
    fault = break_glass.fault(obj, ctx.clock())
    ctx.events.warning(obj, Reason.BREAK_GLASS_ENDED, f"Break-glass {fault}, and was taken off: {written}")
    return stored
