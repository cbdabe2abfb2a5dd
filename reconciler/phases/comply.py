"""Whether a stored Queue or WorkerPool keeps its policies.

Nothing is done about a violation here: admission refuses, this tells. An object under no policy has nothing to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.decision import Violation
from policies.stored import Stored
from policies.text import line
from reconciler.conditions import COMPLIANT
from reconciler.context import Context
from reconciler.keys import Key
from reconciler.phases import State
from reconciler.reasons import Reason

SHOWN: Final = 3
"""Violations in the message; all of them are told at the next write."""


async def comply(state: State, ctx: Context) -> None:
    if state.deleting:
        return
    before = ctx.compliance.last(state.key)
    found = ctx.compliance.of(state.obj, ctx.snapshot, ctx.clock(), ctx.monotonic())
    _judge(state, found)
    if before != found:
        for policy in {*found.policies, *(before.policies if before else ())}:
            ctx.wake(Key(policy.kind, state.namespace if policy.kind == "Policy" else "", policy.name))


def _judge(state: State, found: Stored) -> None:
    if found.violations:
        state.conditions.false(COMPLIANT, Reason.VIOLATED, _told(found.violations))
    elif found.exempted:
        words = sorted({f"{one.rule} of {one.policy} ({one.exemption})" for one in found.exempted})
        state.conditions.true(COMPLIANT, Reason.EXEMPTED, f"Exempt from {', '.join(words[:SHOWN])}")
    elif found.policies:
        state.conditions.true(COMPLIANT, Reason.COMPLIANT, "Breaks no policy")


def _told(violations: Sequence[Violation]) -> str:
    rest = len(violations) - SHOWN
    return "; ".join(map(line, violations[:SHOWN])) + (f"; and {rest} more" if rest > 0 else "")
