"""A policy made ready to be asked: selectors compiled, its rules picked out, its place in the audit log spelled.

`applying` answers which policies apply to an object. It is called for every request, so what depends on the policy
alone is kept with its view, and what depends on kind and namespace with the set of policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies import exemptions, rules
from policies.asking import Check, Plan
from policies.decision import Action, PolicyRef
from policies.exemptions import Exemption
from policies.facts import Object, Operation
from policies.fields import dig, mapping, strings, text
from policies.rules.rule import WORK_KINDS
from policies.selectors import LabelTest, NameTest, label_test, name_test
from policies.snapshot import Policies, PolicyView, Snapshot

_ACTIONS: Final = {action.value: action for action in Action}


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPolicy:
    """`everywhere` is true for a Policy, which sees its own namespace only, and for a selector that selects all.

    `checks` are the rules the policy sets.
    """

    view: PolicyView
    ref: PolicyRef
    kinds: frozenset[str]
    names: NameTest | None
    labels: LabelTest | None
    selects_all: bool
    everywhere: bool
    namespaces: LabelTest | None
    checks: tuple[Check, ...]
    exemptions: tuple[Exemption, ...]
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


class Applied:
    """The policies that apply to an object, strongest first, and what follows from them whatever the object is."""

    def __init__(self, policies: tuple[CompiledPolicy, ...]) -> None:
        self.policies = policies
        self.views = Policies(policy.view for policy in policies)
        self.persists = any(policy.persists for policy in policies)
        self.audit = ",".join(policy.audit for policy in policies)
        self.labels: dict[str, Any] = {}
        for policy in reversed(policies):
            self.labels |= mapping(policy.defaults, "labels")
        self._plans: dict[tuple[str, Operation, str], Plan] = {}

    def __iter__(self) -> Iterator[CompiledPolicy]:
        return iter(self.policies)

    def checks(self, kind: str, operation: Operation, subresource: str) -> tuple[Check, ...]:
        """Everything the policies ask of one kind of request."""
        return self.plan(kind, operation, subresource).checks

    def plan(self, kind: str, operation: Operation, subresource: str) -> Plan:
        """The same with what need not be asked of an object that keeps the strictest limits."""
        key = (kind, operation, subresource)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = Plan(
                check
                for policy in self.policies
                for check in policy.checks
                if check.rule.covers(kind, operation, subresource)
            )
        return found


def compiled(view: PolicyView) -> CompiledPolicy:
    """A policy ready to be asked."""
    found: CompiledPolicy | None = view.kept.get(CompiledPolicy)
    if found is None:
        found = view.kept[CompiledPolicy] = _compiled(view)
    return found


def _compiled(view: PolicyView) -> CompiledPolicy:
    match = mapping(view.spec, "match")
    selector = match.get("namespaceSelector")
    namespaces = label_test(selector) if isinstance(selector, dict) else None
    names, own_labels = name_test(strings(match, "names")), label_test(mapping(match, "labelSelector"))
    ref, exempting = PolicyRef(view.kind, view.name), tuple(exemptions.of_policy(view.spec))
    return CompiledPolicy(
        view=view,
        ref=ref,
        kinds=frozenset(strings(match, "kinds")) or WORK_KINDS,
        names=names,
        labels=own_labels,
        selects_all=names is None and own_labels is None,
        everywhere=bool(view.namespace) or (isinstance(selector, dict) and namespaces is None),
        namespaces=namespaces,
        checks=tuple(
            Check(ref, rule, limit, action, tuple(one for one in exempting if one.lists(rule)))
            for rule, limit, action in _asked(view.spec)
        ),
        exemptions=exempting,
        defaults=mapping(view.spec, "defaults"),
        persists=text(view.spec, "defaulting") == "Persist",
        audit=f"{view.kind}/{view.name}={view.uid}@{view.generation}",
    )


def applying(kind: str, obj: Object, snapshot: Snapshot) -> Applied:
    """The policies that apply to an object."""
    if kind not in WORK_KINDS:
        return NONE
    metadata = mapping(obj, "metadata")
    namespace = text(metadata, "namespace")
    policies = snapshot.policies(namespace)
    if not policies:
        return NONE
    everyone, selective = _concerned(policies, kind, frozenset(snapshot.namespace_labels(namespace).items()))
    if not selective:
        return everyone
    name, own = text(metadata, "name"), mapping(metadata, "labels")
    selected = tuple([policy for policy in everyone.policies if policy.selects_all or policy.selects(name, own)])
    return _applied(policies, selected)


def _applied(policies: Policies, found: tuple[CompiledPolicy, ...]) -> Applied:
    applied: Applied | None = policies.kept(found)
    if applied is None:
        applied = Applied(found)
        policies.keep(found, applied)
    return applied


def _concerned(policies: Policies, kind: str, of_namespace: frozenset[tuple[str, str]]) -> tuple[Applied, bool]:
    """The policies about a kind in a namespace, and whether any of them looks at names or labels."""
    key = (kind, of_namespace)
    known: tuple[Applied, bool] | None = policies.kept(key)
    if known is None:
        labels_of_namespace = dict(of_namespace)
        found = tuple(policy for policy in map(compiled, policies) if policy.concerns(kind, labels_of_namespace))
        known = (_applied(policies, found), not all(policy.selects_all for policy in found))
        policies.keep(key, known)
    return known


def _asked(spec: Mapping[str, Any]) -> Iterator[tuple[rules.PolicyRule, Any, Action]]:
    """Every rule a policy sets, with the value it is to be asked with and the action that follows."""
    action = _ACTIONS.get(text(spec, "action"), Action.DENY)
    for rule in rules.POLICY:
        limit = rule.prepare(dig(spec, *rule.id.split(".")))
        if limit is not None:
            yield rule, limit, action
    if "rules" in spec:
        # Imported here: the engine takes 10 MiB, and most installs have no rules in CEL.
        from policies.cel.rules import of_policy

        yield from of_policy(spec, action)


NONE: Final = Applied(())
