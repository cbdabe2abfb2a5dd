"""Whether the API server refuses to delete this pool's busy workers: it is asked, by a delete that is only tried.

The policy, its binding, the namespace and the pod's labels all have to be right for that. A dry run proves them at
once, and needs no right that the reconciler does not have anyway.
"""

from __future__ import annotations

from typing import Final

from kube.errors import Conflict, Forbidden, NotFound
from kube.resources import PODS
from reconciler.conditions import GUARANTEE
from reconciler.context import Context
from reconciler.phases.pool.pods import is_disrupted, is_unguarded
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.reasons import Reason

POLICY: Final = "delete-guard.headgate.dev"
MISSING_SECONDS: Final = 60.0
"""How soon a guard that is missing is tried again; one that holds, at every removal and every resync."""


async def guard(state: PoolState, ctx: Context) -> None:
    """Try it now and then, and say what deletes by others would meet."""
    memory = memory_of(state, ctx)
    if memory.guarded is None and _said_before(state):
        # An earlier process has tried it; it is tried again some time within a resync, or at the next removal.
        memory.guarded, memory.guard_asked_at = True, ctx.monotonic() - ctx.rng.random() * ctx.settings.resync
    wait = ctx.settings.resync if memory.guarded else MISSING_SECONDS
    if not state.paused and (memory.guarded is None or ctx.monotonic() - memory.guard_asked_at > wait):
        await try_guard(state, ctx)
    _say(state, memory.guarded)
    if memory.guarded is False and state.guard == "Deletes":
        state.again(MISSING_SECONDS)


def _said_before(state: PoolState) -> bool:
    stored = state.status.get("conditions") or ()
    return any(one["type"] == GUARANTEE.name and one["reason"] == Reason.ENFORCED for one in stored)


async def try_guard(state: PoolState, ctx: Context) -> None:
    """Where there is no busy worker to try it on, what was known stays, and this pass counts on nothing."""
    if state.guard != "Deletes":
        return
    for pod in _candidates(state):
        try:
            await ctx.client.delete(PODS, pod.name, state.namespace, uid=pod.uid, dry_run=True)
        except Forbidden as refusal:
            state.guarded = POLICY in refusal.message
        except (Conflict, NotFound):
            continue
        memory = memory_of(state, ctx)
        memory.guarded, memory.guard_asked_at = state.guarded, ctx.monotonic()
        return


def _candidates(state: PoolState) -> list[Pod]:
    """Pods whose delete the guard has to refuse."""
    open_ones = {pod["metadata"]["uid"] for pod in state.view.pods if is_disrupted(pod) or is_unguarded(pod)}
    return [
        pod
        for pod in state.view.all_pods
        if pod.active and pod.runs and pod.container and pod.bound is None and pod.uid not in open_ones
    ]


def _outdated(state: PoolState) -> str:
    """A pod keeps the grace period it was born with, and a revision gives all its pods the same."""
    if state.child is None or state.template is None:
        return ""
    born, wanted = (
        spec.get("terminationGracePeriodSeconds")
        for spec in (state.child["spec"]["template"]["spec"], state.template["spec"])
    )
    if born == wanted:
        return ""
    return f"; that is {born} s and not {wanted} s until `headgate restart wp/{state.name}` makes new ones"


def _say(state: PoolState, guarded: bool | None) -> None:
    if state.warm:
        message = (
            "drain.method is Signal: workers are ended by SIGTERM, and what outlives their grace period is cut off"
            + _outdated(state)
        )
        state.conditions.false(GUARANTEE, Reason.WARM_STOP, message)
    elif state.guard != "Deletes":
        message = f"drain.guard is {state.guard}: others may delete a busy worker"
        state.conditions.false(GUARANTEE, Reason.BEST_EFFORT, message)
    elif guarded is None:
        state.conditions.unknown(GUARANTEE, Reason.GUARD_UNTRIED, "No worker has run yet to try the delete guard on")
    elif guarded:
        message = "The API server refuses to delete a worker that has not been drained"
        state.conditions.true(GUARANTEE, Reason.ENFORCED, message)
    else:
        message = "The API server would let a busy worker be deleted: upgrade the charts headgate-crds and headgate"
        state.conditions.false(GUARANTEE, Reason.GUARD_MISSING, message)
