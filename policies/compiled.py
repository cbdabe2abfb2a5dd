"""A policy made ready to be asked: selectors compiled, its rules picked out, its place in the audit log spelled.

`applying` answers which policies apply to an object. It is called for every request, so what depends on the policy
alone is worked out once for each version of it, and what depends on kind and namespace once for each set of policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from policies import rules
from policies.decision import Action, PolicyRef
from policies.facts import Object, Operation
from policies.fields import dig, labels, mapping, strings, text
from policies.rules.rule import WORK_KINDS
from policies.selectors import LabelTest, NameTest, label_test, name_test
from policies.snapshot import PolicyView, Snapshot

_ACTIONS: Final = {action.value: action for action in Action}


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """`everywhere` is true for a Policy, which sees its own namespace only, and for a selector that selects all.

    `limits` are the rules the policy sets, each with the value it is to be asked with.
    """

    view: PolicyView
    ref: PolicyRef
    action: Action
    kinds: frozenset[str]
    names: NameTest | None
    labels: LabelTest | None
    everywhere: bool
    namespaces: LabelTest | None
    limits: tuple[tuple[rules.PolicyRule, Any], ...]
    defaults: Mapping[str, Any]
    persists: bool
    audit: str

    def concerns(self, kind: str, of_namespace: Mapping[str, str]) -> bool:
        """Whether it is about objects of a kind in a namespace at all."""
        return kind in self.kinds and (
            self.everywhere or (self.namespaces is not None and self.namespaces(of_namespace))
        )

    def selects(self, name: str, own_labels: Mapping[str, str]) -> bool:
        """Whether it is about this object among them."""
        return (self.names is None or self.names(name)) and (self.labels is None or self.labels(own_labels))


@lru_cache(maxsize=16_384)
def compiled(view: PolicyView) -> CompiledPolicy:
    match = mapping(view.spec, "match")
    selector = match.get("namespaceSelector")
    namespaces = label_test(selector) if isinstance(selector, dict) else None
    return CompiledPolicy(
        view=view,
        ref=PolicyRef(view.kind, view.name),
        action=_ACTIONS.get(text(view.spec, "action"), Action.DENY),
        kinds=frozenset(strings(match, "kinds")) or WORK_KINDS,
        names=name_test(strings(match, "names")),
        labels=label_test(mapping(match, "labelSelector")),
        everywhere=bool(view.namespace) or (isinstance(selector, dict) and namespaces is None),
        namespaces=namespaces,
        limits=_limits(view.spec),
        defaults=mapping(view.spec, "defaults"),
        persists=text(view.spec, "defaulting") == "Persist",
        audit=f"{view.kind}/{view.name}={view.uid}@{view.generation}",
    )


def applying(kind: str, obj: Object, snapshot: Snapshot) -> tuple[CompiledPolicy, ...]:
    """The policies that apply to an object, strongest first."""
    namespace = text(obj, "metadata", "namespace")
    policies = tuple(snapshot.policies(namespace))
    if not policies or kind not in WORK_KINDS:
        return ()
    found = _concerned(policies, kind, frozenset(snapshot.namespace_labels(namespace).items()))
    name, own = text(obj, "metadata", "name"), labels(obj)
    return tuple([policy for policy in found if policy.selects(name, own)])


@lru_cache(maxsize=4096)
def covering(
    policies: tuple[CompiledPolicy, ...], kind: str, operation: Operation, subresource: str
) -> tuple[tuple[CompiledPolicy, rules.PolicyRule, Any], ...]:
    """Every (policy, rule, limit) to be judged for one request."""
    return tuple(
        (policy, rule, limit)
        for policy in policies
        for rule, limit in policy.limits
        if rule.covers(kind, operation, subresource)
    )


@lru_cache(maxsize=4096)
def _concerned(
    policies: tuple[PolicyView, ...], kind: str, of_namespace: frozenset[tuple[str, str]]
) -> Sequence[CompiledPolicy]:
    labels_of_namespace = dict(of_namespace)
    ready = map(compiled, policies)
    return tuple(policy for policy in ready if policy.concerns(kind, labels_of_namespace))


def _limits(spec: Mapping[str, Any]) -> tuple[tuple[rules.PolicyRule, Any], ...]:
    found = ((rule, rule.prepare(dig(spec, *rule.id.split(".")))) for rule in rules.POLICY)
    return tuple((rule, limit) for rule, limit in found if limit is not None)
