"""The phases of a policy's pass: does it compile, what breaks it, does it contradict others, which exemptions end."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Final

from crds import meta
from policies import Facts, Operation, decide
from policies.conflicts import conflicts
from policies.decision import Action, Violation
from policies.exemptions import Exemption, of_policy
from policies.text import line
from reconciler import metrics
from reconciler.conditions import CONFLICTED
from reconciler.context import Context
from reconciler.errors import Stalled
from reconciler.keys import Key, key_of
from reconciler.phases.policy.state import Audited, PolicyState
from reconciler.phases.pool.entitle import overlaps
from reconciler.reasons import Reason

EVERY_SECONDS: Final = 60.0
SLICE_SECONDS: Final = 0.005
COMPILING: Final = frozenset({"schema", "rules"})
"""Rules about a policy without which nothing of it, or not all of it, can be judged."""
STRICTEST: Final = (Action.DENY, Action.WARN, Action.AUDIT)
SHOWN: Final = 3


async def compile_(state: PolicyState, ctx: Context) -> None:
    """A policy that was stored while no webhook looked may be one that admission would have refused."""
    judged = Facts(state.key.kind, Operation.CREATE, state.obj, None, ctx.snapshot, state.now, final=True)
    broken = [violation for violation in decide(judged).denied if violation.rule in COMPILING]
    if broken:
        rest = f"; and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        raise Stalled(Reason.DOES_NOT_COMPILE, "; ".join(map(line, broken[:SHOWN])) + rest)


async def audit(state: PolicyState, ctx: Context) -> None:
    """Every stored object it is about, in slices: others are worked meanwhile."""
    violations, exempted = dict[Key, tuple[Violation, ...]](), set[Key]()
    began = ctx.monotonic()
    for kind in (meta.QUEUE.kind, meta.WORKER_POOL.kind):
        for obj in ctx.store.unclaimed(kind, state.where):
            if "deletionTimestamp" in obj["metadata"]:
                continue
            found = ctx.compliance.of(obj, ctx.snapshot, state.now, ctx.monotonic())
            if own := found.of(state.ref):
                violations[key_of(obj)] = own
            elif any(one.policy == state.ref for one in found.exempted):
                exempted.add(key_of(obj))
            if ctx.monotonic() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = ctx.monotonic()
    state.audited = Audited(violations, frozenset(exempted))
    state.again(EVERY_SECONDS)


async def find_conflicts(state: PolicyState, ctx: Context) -> None:
    there = ctx.snapshot.policies(state.where or "")
    own = next((view for view in there if (view.kind, view.name) == (state.ref.kind, state.ref.name)), None)
    if own is None:
        return
    labels = ctx.snapshot.namespace_labels(own.namespace)
    found = sorted({*conflicts(own, there, state.now, labels), *overlaps(own, ctx)})
    if found:
        rest = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        state.conditions.true(CONFLICTED, Reason.CONTRADICTED, "; ".join(found[:SHOWN]) + rest)


async def announce(state: PolicyState, ctx: Context) -> None:
    assert state.audited is not None  # noqa: S101 - for the type checker: audit has looked
    where = (state.where or "", state.name)
    _count(state, ctx, state.audited)
    ctx.metrics.set(metrics.POLICY_EXEMPTED, *where, value=len(state.audited.exempted))
    told, exemptions = ctx.endings.setdefault(state.key, {}), tuple(of_policy(state.spec))
    for name in told.keys() - {exemption.name for exemption in exemptions}:
        # It was taken out of the spec, and nothing of it will end any more.
        del told[name]
        ctx.metrics.set(metrics.EXEMPTION_ENDS, *where, name, value=None)
    for exemption in exemptions:
        _announce(state, ctx, exemption, told)


def _count(state: PolicyState, ctx: Context, audited: Audited) -> None:
    """Each object counts once, with the strictest of what it breaks."""
    found = Counter(min((one.action for one in broken), key=STRICTEST.index) for broken in audited.violations.values())
    followed = {state.action, *state.own_actions.values()}
    for action in STRICTEST:
        value = found[action] if action in followed else None
        ctx.metrics.set(metrics.POLICY_VIOLATIONS, state.where or "", state.name, action, value=value)


def _announce(state: PolicyState, ctx: Context, exemption: Exemption, told: dict[str, str]) -> None:
    left = exemption.expires > state.now
    ends = exemption.expires.timestamp() if left else None
    ctx.metrics.set(metrics.EXEMPTION_ENDS, state.where or "", state.name, exemption.name, value=ends)
    stage = "ending" if exemption.ends_soon(state.now) else "" if left else "ended"
    before = told.get(exemption.name)
    told[exemption.name] = stage
    if stage == "ending" and before != stage:
        message = f"Exemption {exemption.name} ends on {_day(exemption.expires)}: its rules hold again then"
        ctx.events.warning(state.obj, Reason.EXEMPTION_ENDING, message)
    if stage == "ended" and before == "ending":
        ctx.events.normal(state.obj, Reason.EXEMPTION_ENDED, f"Exemption {exemption.name} ended")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
