"""Growing and shrinking: a removal plan for each revision, carried out until an action finds that the world moved.

Planned on the store first. A pool that only grows is grown by that: its patch tests the number it was decided on. Where
a pod is on its way out everything is read anew and planned again, so that no removal is decided on a memory; but not
while the memory itself, with what the workers say at this moment, shows that there is nothing to do yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kube.errors import Conflict, Invalid, NotFound
from reconciler.adminapi import AdminAPIError
from reconciler.context import Context
from reconciler.phases.pool.aim import aims, children, replicas_of
from reconciler.phases.pool.aim_set import aims_of_set, see_whether_stuck, the_set
from reconciler.phases.pool.ask import call_back
from reconciler.phases.pool.departures import tell, tell_of_called
from reconciler.phases.pool.evacuate import see_who_stays
from reconciler.phases.pool.guard import try_guard
from reconciler.phases.pool.look import hear, look_anew
from reconciler.phases.pool.perform import perform
from reconciler.phases.pool.places import see_crowds, see_leaving_nodes
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.trial import jobs_wait
from reconciler.plans import ordinals, removal
from reconciler.plans.actions import Action, Cancel, Scale
from reconciler.plans.child import Child
from reconciler.plans.removal import Wait

SOON_SECONDS: Final = 0.3
"""How soon a removal under way is looked at again: controllers answer within about a tenth of a second."""
GROWING_SECONDS: Final = 5.0
"""How soon one that grows is looked at again: the watch tells of every step."""
PROOF_SECONDS: Final = 0.7
"""Workers write their record once a second."""


async def drain(state: PoolState, ctx: Context) -> None:
    if state.paused or state.decision is None:
        return
    see_leaving_nodes(state, ctx)
    wanted = state.decision.to
    waiting = jobs_wait(state, ctx)
    await see_who_stays(state, ctx, wanted)
    aim(state, wanted, waiting=waiting)
    planned = _children(state)
    if not _moving(state, planned):
        return
    if not _removing(state, planned):
        await carry_out(state, ctx, soon=GROWING_SECONDS)
        return
    if _plain(state) and await _nothing_to_do_yet(state, ctx):
        return
    await look_anew(state, ctx)
    see_crowds(state, ctx)
    see_whether_stuck(state, ctx)
    await see_who_stays(state, ctx, wanted)
    await try_guard(state, ctx)
    aim(state, wanted, waiting=waiting)
    await carry_out(state, ctx)


def aim(state: PoolState, wanted: int, *, waiting: bool) -> None:
    """`waiting` says whether there is a job that a new worker could have taken, or nobody knows."""
    state.targets = (aims_of_set if state.stateful else aims)(state, wanted, waiting=waiting)
    _spare_former(state)


def _spare_former(state: PoolState) -> None:
    """A Deployment that is taken over never grows, and where its workers can't be asked none of them leaves."""
    child = state.view.child(state.taken_name) if state.taken else None
    if child is not None and state.taken_name in state.targets:
        here, keep = replicas_of(child), state.targets[state.taken_name]
        state.targets[state.taken_name] = here if state.untouchable else min(here, keep)


async def carry_out(state: PoolState, ctx: Context, soon: float = SOON_SECONDS) -> None:
    """One round of every child's plan, on what `look_anew` has seen."""
    tell_of_called(state, ctx)
    for child in _children(state):
        planned = ordinals.plan(child) if child.ordered else removal.plan(child)
        state.waits[child.name] = planned.wait
        done = await _perform_all(state, ctx, child, planned.actions)
        tell(state, ctx, child, done)
        if planned.actions or planned.wait is not Wait.NOTHING:
            state.again(PROOF_SECONDS if planned.wait in (Wait.WORKERS, Wait.UNREADY) else soon)


async def _nothing_to_do_yet(state: PoolState, ctx: Context) -> bool:
    """Whether a look at the API server would find nothing: all who were asked have been seen since, and still work.

    Nothing is decided by this but not to look, and to come again as soon as otherwise.
    """
    if not await hear(state, ctx):
        return False
    planned = {child.name: removal.plan(child) for child in children(state)}
    waits = {name: one.wait for name, one in planned.items()}
    if any(one.actions for one in planned.values()) or Wait.UNREADY in waits.values():
        return False
    state.waits |= waits
    state.again(SOON_SECONDS if Wait.SETTLING in waits.values() else PROOF_SECONDS)
    return True


async def _perform_all(state: PoolState, ctx: Context, child: Child, actions: tuple[Action, ...]) -> list[Action]:
    done: list[Action] = []
    for action in actions:
        try:
            if isinstance(action, Cancel):
                await call_back(state, ctx, action.pod)
            answer = await perform(ctx.client, state.namespace, child, action, ctx.clock())
        except (AdminAPIError, Conflict, Invalid, NotFound):
            # Somebody was quicker; what follows was planned on the same world.
            state.again(SOON_SECONDS)
            break
        if isinstance(action, Scale) and answer is not None:
            _scaled(state, ctx, action, answer)
        done.append(action)
    return done


def _scaled(state: PoolState, ctx: Context, scale: Scale, answer: dict[str, Any]) -> None:
    """A Deployment that is taken over is not watched, so nothing is kept of it."""
    uid = answer["metadata"]["uid"]
    before = next((one for one in ctx.store.children_of_pool(state.uid) if one["metadata"]["uid"] == uid), None)
    if before is not None:
        ctx.world.answered(answer, {**before, "spec": {**before["spec"], "replicas": scale.after}})


def _moving(state: PoolState, planned: Sequence[Child]) -> bool:
    """Whether anything is to be done, or somebody is on the way out."""
    if state.taken and not state.untouchable:
        return True
    if any(pod.request is not None or pod.bound is not None for pod in state.view.all_pods):
        return True
    return any(child.replicas != child.keep or child.owed or _outdated(child) or _evacuated(child) for child in planned)


def _removing(state: PoolState, planned: Sequence[Child]) -> bool:
    """Whether any pod is to leave, or about to; else all that can follow is that more of them start."""
    if not _plain(state) or any(pod.request is not None or pod.bound is not None for pod in state.view.all_pods):
        return True
    return any(child.replicas > child.keep or child.owed > 0 or _evacuated(child) for child in planned)


def _plain(state: PoolState) -> bool:
    """Whether all its children are Deployments of its own. Others are looked at anew whenever anything moves: a
    StatefulSet fills its places one after the other, and a Deployment that is taken over is not watched.
    """
    return not (state.stateful or state.taken)


def _outdated(child: Child) -> bool:
    return any(pod.outdated and pod.active for pod in child.pods)


def _evacuated(child: Child) -> bool:
    return any(pod.evacuated for pod in child.active)


def _children(state: PoolState) -> list[Child]:
    if not state.stateful:
        return children(state)
    return [the_set(state, state.child)] if state.child is not None and state.targets else []
