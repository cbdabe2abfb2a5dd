"""How fast a pool with `scaling.behavior` may change: the semantics of autoscaling/v2, as in Kubernetes 1.36.

Stabilise first: of the recommendations of the last window the smallest bounds growth from above and the largest bounds
shrinking from below. Then limit the rate: a policy allows a change from the number at the start of its period, which is
the current one without what was added and with what was removed since. Growth in percent rounds up, what may remain
after shrinking rounds down, and no limit ever crosses the current number. The original is
stabilizeRecommendationWithBehaviors and convertDesiredReplicasWithBehaviorRate in podautoscaler/horizontal.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from typing import Final

from reconciler.plans.behavior import Behavior, Policy, PolicyType, Rules, Select
from reconciler.plans.damping import Window
from reconciler.plans.history import Change

LONGEST_PERIOD: Final = 1800.0


def tolerated(behavior: Behavior, current: int, asked: float) -> bool:
    """Whether the pool is near enough to what is asked for, as a share of the current number, to be left alone."""
    if current == 0:
        return False
    ratio = Fraction(asked) / current
    return 1 - behavior.down.tolerance <= ratio <= 1 + behavior.up.tolerance


def paced(
    behavior: Behavior, window: Window, changes: tuple[Change, ...], clock: float, current: int, wanted: int
) -> int:
    """The number to serve with now. `window` is what was wanted before, and `wanted` what is wanted now."""
    at_least = min((wanted, *window.since(clock - behavior.up.window)))
    at_most = max((wanted, *window.since(clock - behavior.down.window)))
    stable = min(max(current, at_least), at_most)
    if stable > current:
        return min(stable, max(_most(behavior.up, changes, clock, current), current))
    if stable < current:
        return max(stable, min(_least(behavior.down, changes, clock, current), current))
    return stable


def kept(changes: Iterable[Change], clock: float) -> tuple[Change, ...]:
    """The changes that a policy can still ask for."""
    return tuple(change for change in changes if change.time > clock - LONGEST_PERIOD)


def _most(rules: Rules, changes: Iterable[Change], clock: float, current: int) -> int:
    if rules.select is Select.DISABLED:
        return current
    limits = [_grown(policy, _start(policy, changes, clock, current)) for policy in rules.policies]
    return min(limits) if rules.select is Select.MIN else max(limits)


def _least(rules: Rules, changes: Iterable[Change], clock: float, current: int) -> int:
    if rules.select is Select.DISABLED:
        return current
    limits = [_shrunk(policy, _start(policy, changes, clock, current)) for policy in rules.policies]
    return max(limits) if rules.select is Select.MIN else min(limits)


def _start(policy: Policy, changes: Iterable[Change], clock: float, current: int) -> int:
    return current - sum(change.replicas for change in changes if change.time > clock - policy.period)


def _grown(policy: Policy, start: int) -> int:
    """In floating point, as the original: 10 percent more than 100 are 111, since 100 * 1.1 is a little over 110."""
    if policy.type is PolicyType.PODS:
        return start + policy.value
    return ceil(start * (1 + policy.value / 100))


def _shrunk(policy: Policy, start: int) -> int:
    if policy.type is PolicyType.PODS:
        return start - policy.value
    return int(start * (1 - policy.value / 100))
