"""Why a pool has the size it has, in one line for `kubectl get`.

The text is stable: it holds no ages and no counters, so that a status which carries it does not change while the
decision stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from crds import duration
from reconciler.plans.decision import BoundBy
from reconciler.plans.explain import cut, trouble, until
from reconciler.plans.facts import PoolFacts

LENGTH: Final = 40


def summary(facts: PoolFacts, bound_by: BoundBy, to: int) -> str:
    """At most 40 characters."""
    return cut(_TEXTS[bound_by](facts, to), LENGTH)


def _follows(facts: PoolFacts, _: int) -> str:
    if not any(queue.has_jobs for queue in facts.queues):
        return "no jobs"
    if len(facts.queues) > 1:
        return f"follows the jobs of {len(facts.queues)} queues"
    name, target = facts.queues[0].name, facts.queues[0].wait_target
    if target is None:
        return _about("follows the jobs of ", name, "")
    return _about("starts ", name, f" within {duration.text(target)} (p{facts.percentile})")


def _scheduled(facts: PoolFacts, to: int) -> str:
    name = facts.schedule.name if facts.schedule else ""
    return _about(f"at the {to} of schedule ", name, "")


def _budgeted(facts: PoolFacts, to: int) -> str:
    entitlement = facts.entitlement
    if entitlement is not None and entitlement.giving:
        return _about(f"giving {entitlement.giving} to ", entitlement.receiver)
    if entitlement is not None and entitlement.waits:
        return _about(f"waits for {entitlement.waits} of ", entitlement.giver or "the budget")
    return f"the budget leaves {to}"


def _serves(facts: PoolFacts, to: int) -> str:
    rates = [queue.rate for queue in facts.queues if queue.rate]
    verb = "serves" if to == 1 else "serve"
    if len(rates) == 1:
        return f"{to} {verb} the limit of {rates[0].jobs} per {rates[0].per}"
    return f"{to} {verb} the rate limits"


def _not_shrinking(facts: PoolFacts, _: int) -> str:
    unclear = facts.unclear
    if len(unclear) == 1:
        return _about("not shrinking: ", unclear[0].name, f" {trouble(unclear[0])}")
    return f"not shrinking: {len(unclear)} queues are unclear"


def _held(facts: PoolFacts, to: int) -> str:
    return f"held at {to}{until(facts.hold)}" if facts.hold else f"held at {to}"


def _about(before: str, name: str, after: str = "") -> str:
    """A summary around a name; the name gives way when there is no room for it."""
    return before + cut(name, max(LENGTH - len(before) - len(after), 3)) + after


_TEXTS: Final[Mapping[BoundBy, Callable[[PoolFacts, int], str]]] = {
    BoundBy.DEMAND: _follows,
    BoundBy.MIN_REPLICAS: lambda _, to: f"at minReplicas {to}",
    BoundBy.SCHEDULE: _scheduled,
    BoundBy.MAX_REPLICAS: lambda _, to: f"at maxReplicas {to}",
    BoundBy.RATE_LIMIT: _serves,
    BoundBy.INEFFECTIVE: lambda _, __: "not growing: more did not help",
    BoundBy.DAMPING: lambda _, __: "shrinks once the load stays low",
    BoundBy.BEHAVIOR: lambda _, __: "as fast as scaling.behavior allows",
    BoundBy.BUDGET: _budgeted,
    BoundBy.UNREADABLE: _not_shrinking,
    BoundBy.FALLBACK: lambda _, to: f"unreadable: at the fallback of {to}",
    BoundBy.HOLD: _held,
    BoundBy.PAUSED: lambda _, __: "paused: nothing is changed",
}
