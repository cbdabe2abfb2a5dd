"""Which of the checks of many policies have to be asked of an object.

Sixteen policies that each limit the same thing say no more than the strictest of them, as long as it is kept. So the
strictest is asked first, for all of them; only where it is broken is each asked for what it finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
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
    """A rule that several policies set, with the strictest of their limits."""

    rule: PolicyRule
    limit: Any

    def is_broken(self, subject: Subject) -> bool:
        return any(True for _ in self.rule.check(subject, self.limit))


class Plan:
    """What one kind of request is asked. `checks` is all there is, in the order in which findings are told."""

    def __init__(self, checks: Iterable[Check]) -> None:
        self.checks = tuple(checks)
        self.guards = tuple(_guards(self.checks))
        guarded = {guard.rule.id for guard in self.guards}
        self.unguarded = tuple(check for check in self.checks if check.rule.id not in guarded)

    def with_broken(self, broken: list[Guard]) -> tuple[Check, ...]:
        """The checks that may find something, given the guards that are broken."""
        if not broken:
            return self.unguarded
        silent = {guard.rule.id for guard in self.guards if guard not in broken}
        return tuple(check for check in self.checks if check.rule.id not in silent) if silent else self.checks


def _guards(checks: tuple[Check, ...]) -> Iterator[Guard]:
    by_rule = sorted(checks, key=lambda check: check.rule.id)
    for _, group in groupby(by_rule, key=lambda check: check.rule.id):
        same = list(group)
        strictest = same[0].rule.strictest
        if strictest is not None and len(same) > 1:
            yield Guard(same[0].rule, strictest(check.limit for check in same))
