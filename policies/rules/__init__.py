"""Every rule there is, in the order in which findings are told."""

from __future__ import annotations

from functools import cache
from typing import Final

from policies.facts import Operation
from policies.rules import (
    brokers,
    consistency,
    content,
    deletes,
    emergencies,
    exempting,
    expressions,
    limits,
    lists,
    matching,
    places,
    pool_limits,
    queue_limits,
    references,
    reserved,
    schedules,
    static,
    timeouts,
    unasked,
    unheard,
    unused,
    workers,
)
from policies.rules.rule import Breach, BuiltInRule, PolicyRule, Rule

__all__ = ["BUILT_IN", "POLICY", "Breach", "BuiltInRule", "PolicyRule", "Rule", "built_in_for"]

POLICY: Final[tuple[PolicyRule, ...]] = (
    *limits.RULES,
    *queue_limits.RULES,
    *pool_limits.RULES,
    *reserved.POLICY_RULES,
    *content.RULES,
    *brokers.POLICY_RULES,
)
BUILT_IN: Final[tuple[BuiltInRule, ...]] = (
    *static.RULES,
    *reserved.RULES,
    *brokers.BUILT_IN,
    *places.RULES,
    *unheard.RULES,
    *workers.RULES,
    *schedules.RULES,
    *references.RULES,
    *timeouts.RULES,
    *unused.RULES,
    *deletes.RULES,
    *emergencies.RULES,
    *matching.RULES,
    *lists.RULES,
    *unasked.rules(POLICY),
    *consistency.rules(POLICY),
    *exempting.rules(POLICY),
    *expressions.RULES,
)


@cache
def built_in_for(kind: str, operation: Operation, subresource: str) -> tuple[BuiltInRule, ...]:
    return tuple(rule for rule in BUILT_IN if rule.covers(kind, operation, subresource))
