"""Changes of what Headgate made by somebody else: said, and changed back unless a policy or break-glass lets them be.

A Deployment is paused and a StatefulSet replaces on delete, so an edit restarts nobody; but the next worker would be
born from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from policies import applying, break_glass
from policies.fields import text
from reconciler.children.strangers import strangers
from reconciler.children.workload import changeable
from reconciler.children.workload import child as child_of
from reconciler.conditions import DRIFT
from reconciler.context import Context
from reconciler.edits import edit
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.reasons import Reason

SHOWN: Final = 2

Object = Mapping[str, Any]


async def notice(state: PoolState, ctx: Context) -> None:
    memory = memory_of(state, ctx)
    for child in state.view.children:
        found = strangers(child)
        signature = repr((child["metadata"]["uid"], sorted(found.items())))
        if not found or signature in memory.shared:
            continue
        words = _words(child, found)
        if _lets_be(state, ctx) or revision_label(child) != state.revision or state.template is None:
            state.conditions.true(DRIFT, Reason.CHILD_CHANGED, f"{words}; it is left as it is")
            if signature not in memory.noticed:
                ctx.events.warning(state.obj, Reason.CHILD_CHANGED, words)
            memory.noticed.add(signature)
            continue
        state.conditions.true(DRIFT, Reason.CHILD_CHANGED, f"{words}; it is being changed back")
        if await _revert(state, ctx, child):
            ctx.events.warning(state.obj, Reason.CHILD_REVERTED, f"{words}; it was changed back")
        else:
            # They set what is wanted anyway, and share the field with us from now on.
            memory.shared.add(signature)


async def _revert(state: PoolState, ctx: Context, child: Object) -> bool:
    """Put the spec back, all but replicas; whether that changed anything."""
    assert state.template is not None  # noqa: S101 - for the type checker: notice has looked
    whole = child_of(state.owner, state.spec, state.template, state.revision)["spec"]
    wanted = changeable(state.spec, whole)
    metadata = child["metadata"]
    operations = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        *({"op": "add", "path": f"/spec/{field}", "value": value} for field, value in wanted.items()),
    ]
    answer = await edit(ctx, child, operations)
    return bool(answer["metadata"]["generation"] != metadata["generation"])


def _lets_be(state: PoolState, ctx: Context) -> bool:
    """Whether nothing is to be changed back: the pool is frozen, or somebody answers for it, or a policy says so."""
    glass = break_glass.read(state.obj)
    if state.frozen or (glass is not None and glass.in_force(state.now)):
        return True
    views = applying(state.key.kind, state.obj, ctx.snapshot).views
    return next((word for view in views if (word := text(view.spec, "drift", "children"))), "Revert") == "Warn"


def _words(child: Object, found: Mapping[str, tuple[str, ...]]) -> str:
    parts = []
    for manager, paths in sorted(found.items()):
        rest = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
        parts.append(
            f"{manager} changed {', '.join(paths[:SHOWN])}{rest} of {child['kind']} {child['metadata']['name']}"
        )
    return "; ".join(parts)
