"""What the engine answers: findings with rule and policy behind each, warnings, a patch, notes for the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from crds.findings import Finding
from crds.words import Word

PatchOperation = Mapping[str, Any]
"""One RFC 6902 operation; the engine only ever emits `add`."""


class Action(Word):
    """What a policy does about a violation, as `spec.action` names it."""

    DENY = "Deny"
    WARN = "Warn"
    AUDIT = "Audit"


class PolicyRef(NamedTuple):
    """The policy a violation comes from, as messages name it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Violation(NamedTuple):
    """One finding, judged: `policy` is None for a rule that is built in.

    `excess` says how far beyond the limit a value is, where that can be measured; it is only ever compared with the
    excess of the same rule, at the same field and `about` the same. `who_may` marks a refusal of the person rather than
    of the value. `exemption` names the policy's exemption that lets it pass. `failed` marks a rule that could
    not be asked.
    """

    finding: Finding
    rule: str
    action: Action = Action.DENY
    policy: PolicyRef | None = None
    excess: float | None = None
    who_may: bool = False
    exemption: str = ""
    about: str = ""
    failed: bool = False

    @property
    def identity(self) -> tuple[str, PolicyRef | None, str, str, str]:
        """Which finding it is within one state of an object; `policies.tolerance` finds it again in another."""
        return self.rule, self.policy, self.finding.field, self.finding.reason, self.about


class Notice(NamedTuple):
    """A warning of one line, and the field it is about; "" for none in particular."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request. `violations` holds those of every action; only `denied` ones refuse.

    `exempted` would be violations, were it not for an exemption.
    """

    violations: tuple[Violation, ...] = ()
    exempted: tuple[Violation, ...] = ()
    notices: tuple[Notice, ...] = ()
    patch: tuple[PatchOperation, ...] = ()
    audit: Mapping[str, str] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple([notice.text for notice in self.notices])

    def warning_too(self, *texts: str) -> Decision:
        """The same with warnings that are about no field."""
        return replace(self, notices=(*self.notices, *(Notice("", text) for text in texts)))

    @property
    def denied(self) -> tuple[Violation, ...]:
        return tuple(violation for violation in self.violations if violation.action is Action.DENY)

    @property
    def allowed(self) -> bool:
        return all(violation.action is not Action.DENY for violation in self.violations)


UNJUDGED: Final = Decision()
