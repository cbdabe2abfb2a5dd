"""What a policy says of kinds that it is not about: nobody is ever held to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies.decision import Action
from policies.effective import POOL_DEFAULTS, QUEUE_DEFAULTS
from policies.fields import dig, items, mapping, strings, text
from policies.rules.rule import POLICIES, WORK_KINDS, BuiltInRule, PolicyRule
from policies.subject import Subject

DEFAULTS: Final = {meta.QUEUE.kind: QUEUE_DEFAULTS, meta.WORKER_POOL.kind: POOL_DEFAULTS}


def rules(policy_rules: tuple[PolicyRule, ...]) -> tuple[BuiltInRule, ...]:
    """The rule about kinds, given the rules that a policy can set."""

    def unasked(subject: Subject) -> Iterator[Finding]:
        """A warning: limits may be shared by policies of several kinds, and then some are never asked."""
        kinds = WORK_KINDS.intersection(strings(subject.spec, "match", "kinds"))
        if not kinds or kinds == WORK_KINDS:
            return
        (missing,) = WORK_KINDS - kinds
        told = f"is about {missing}s, which match.kinds leaves out: nothing comes of it"
        for path in (*_set(subject, policy_rules, kinds), *_defaults(subject, missing)):
            yield Finding(path, Reason.INVALID, f"{path.removeprefix('spec.')} {told}")
        for part in ("rules", "exemptions"):
            for path, item in items(subject.spec, part):
                where = "kinds" if part == "rules" else "match.kinds"
                if (own := strings(item, *where.split("."))) and kinds.isdisjoint(own):
                    yield Finding(f"spec.{path}.{where}", Reason.INVALID, f"{text(item, 'name')} {told}")

    return (
        BuiltInRule(
            id="unasked",
            kinds=POLICIES,
            sentence="What a policy sets is about kinds that the policy is about.",
            check=unasked,
            action=Action.WARN,
        ),
    )


def _set(subject: Subject, policy_rules: tuple[PolicyRule, ...], kinds: frozenset[str]) -> Iterator[str]:
    for rule in policy_rules:
        if rule.kinds.isdisjoint(kinds) and dig(subject.spec, *rule.id.split(".")) is not None:
            yield f"spec.{rule.id}"


def _defaults(subject: Subject, missing: str) -> Iterator[str]:
    defaults = mapping(subject.spec, "defaults")
    yield from (f"spec.defaults.{group}" for group in DEFAULTS[missing] if group in defaults)
    if missing == meta.WORKER_POOL.kind and "budget" in subject.spec:
        yield "spec.budget"
