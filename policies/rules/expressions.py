"""The rules in CEL of a Policy, judged when the Policy is applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from crds.findings import Finding
from policies.rules.rule import POLICIES, BuiltInRule
from policies.subject import Subject


def expressions(subject: Subject) -> Iterable[Finding]:
    if "rules" not in subject.spec:
        return ()
    # Imported here: the engine takes 10 MiB, and most installs have no rules in CEL.
    from policies.cel.rules import findings

    return findings(subject.spec)


RULES: Final = (
    BuiltInRule(
        id="rules",
        needs="rules",
        kinds=POLICIES,
        sentence="Every rule in CEL is an expression about fields there are, and cannot cost more than its budget.",
        check=expressions,
    ),
)
