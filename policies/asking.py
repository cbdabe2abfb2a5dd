"""Which of the checks of many policies have to be asked of an object.

Sixteen policies that each limit the same thing say no more than the strictest of them, as long as it is kept. So the
strictest is asked first, for all of them; only where it is broken is each asked for what it finds. So are the rules in
CEL of one policy, as one expression.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from policies.decision import Action, PolicyRef
from policies.exemptions import Exemption
from policies.rules.rule import PolicyRule
from policies.subject import Subject


class Check(NamedTuple):
    """One rule of one policy: what it is to be asked with, what follows from a finding, and who is exempt from it."""

    policy: PolicyRef
    rule: PolicyRule
    limit: Any
    action: Action
    exemptions: tuple[Exemption, ...]


class Guard(NamedTuple):
    """One question that stands for those of a whole group of checks: where it is kept, all of them are."""

    group: Hashable
    rule: PolicyRule
    limit: Any

    def is_broken(self, subject: Subject) -> bool:
        return any(True for _ in self.rule.check(subject, self.limit))


class Plan:
    """What one kind of request is asked. `checks` is all there is, in the order in which findings are told."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self.checks = tuple(checks)
        self.guards = tuple(_guards(self.checks))
        guarded = {guard.group for guard in self.guards}
        self.unguarded = tuple(check for check in self.checks if _group(check) not in guarded)

    def with_broken(self, broken: Collection[Guard]) -> tuple[Check, ...]:
        """The checks that may find something, given the guards that are broken."""
        if not broken:
            return self.unguarded
        silent = {guard.group for guard in self.guards} - {guard.group for guard in broken}
        return tuple(check for check in self.checks if _group(check) not in silent) if silent else self.checks


def _guards(checks: tuple[Check, ...]) -> Iterator[Guard]:
    groups: dict[Hashable, list[Check]] = {}
    for check in checks:
        groups.setdefault(_group(check), []).append(check)
    for group, same in groups.items():
        strictest = same[0].rule.strictest
        if strictest is not None and len(same) > 1:
            yield Guard(group, same[0].rule, strictest(check.limit for check in same))


def _group(check: Check) -> Hashable:
    return check.rule.id if check.rule.group is None else check.rule.group
