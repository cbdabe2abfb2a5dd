"""The rules in CEL of a policy as ValidatingAdmissionPolicies, for an administrator who wants them kept without us.

What is made refuses nothing the server would let through, but for one thing that is said: it knows no tolerance for an
old violation. Rules that ask for what Kubernetes' CEL has not (inherited values, queues, the time an exemption ends)
are left out, each with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from policies.fields import items, listing, mapping, strings, text

Object = Mapping[str, Any]

PLURALS: Final = {meta.QUEUE.kind: meta.QUEUE.plural, meta.WORKER_POOL.kind: meta.WORKER_POOL.plural}
OURS_ONLY: Final = ("effective", "queues")
"""Variables of our rules that Kubernetes' CEL has not."""

_NAMESPACE: Final = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Native:
    """What can be printed, and why the rest cannot."""

    manifests: tuple[Object, ...]
    left_out: tuple[str, ...]


def native(policy: Object) -> Native:
    """One ValidatingAdmissionPolicy with its binding for each action that rules of the policy have."""
    made: dict[str, list[Object]] = {}
    left_out: list[str] = []
    for _, rule in items(policy, "spec", "rules"):
        if why := _why_not(policy, rule):
            left_out.append(f"rule {text(rule, 'name')}: {why}")
        else:
            action = text(rule, "action") or text(policy, "spec", "action")
            made.setdefault(action, []).append(rule)
    manifests = [one for action, rules in made.items() for one in _pair(policy, action, rules)]
    return Native(tuple(manifests), tuple(left_out))


def _why_not(policy: Object, rule: Object) -> str:
    written = f"{text(rule, 'expression')} {text(rule, 'messageExpression')}"
    for variable in OURS_ONLY:
        if re.search(rf"(?<![\w.'\"]){variable}\b", written):
            return f"it asks for {variable}, which Kubernetes' CEL has not"
    for _, exemption in items(policy, "spec", "exemptions"):
        if {"*", text(rule, "name")} & set(strings(exemption, "rules")):
            return f"exemption {text(exemption, 'name')} from it ends, and Kubernetes' CEL has no clock"
    return ""


def _pair(policy: Object, action: str, rules: list[Object]) -> Iterator[Object]:
    namespace = text(policy, "metadata", "namespace")
    parts = [namespace, text(policy, "metadata", "name"), action.lower()]
    name = f"{'.'.join(part for part in parts if part)}.rules.{meta.DOMAIN}"
    match = mapping(policy, "spec", "match")
    kinds = strings(match, "kinds") or tuple(PLURALS)
    admission = "admissionregistration.k8s.io/v1"
    matching: dict[str, Any] = {
        "matchPolicy": "Equivalent",
        "resourceRules": [
            {
                "apiGroups": [meta.GROUP],
                "apiVersions": [meta.VERSION],
                "operations": _operations(rules),
                "resources": [PLURALS[kind] for kind in kinds],
            }
        ],
    }
    if selector := mapping(match, "labelSelector"):
        matching["objectSelector"] = selector
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": matching,
        "matchConditions": list(_conditions(match)),
        "validations": [_validation(policy, rule) for rule in rules],
    }
    yield {"apiVersion": admission, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    within = {"matchLabels": {_NAMESPACE: namespace}} if namespace else mapping(match, "namespaceSelector")
    yield {
        "apiVersion": admission,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": [action], "matchResources": {"namespaceSelector": within}},
    }


def _operations(rules: list[Object]) -> list[str]:
    asked = {operation for rule in rules for operation in strings(rule, "operations") or ("CREATE", "UPDATE")}
    return [operation for operation in ("CREATE", "UPDATE", "DELETE") if operation in asked]


def _conditions(match: Object) -> Iterator[dict[str, str]]:
    yield {
        "name": "not-being-deleted",
        "expression": "object == null || !has(object.metadata.deletionTimestamp)",
    }
    if names := strings(match, "names"):
        pattern = "|".join(_regular(glob) for glob in names)
        yield {"name": "of-these-names", "expression": f"request.name.matches({_quoted(f'^({pattern})$')})"}


def _validation(policy: Object, rule: Object) -> dict[str, str]:
    """The rule, asked only where it is about the kind and the operation, with its message and where it is from."""
    conditions = []
    if kinds := strings(rule, "kinds"):
        conditions.append(f"!(request.kind.kind in {json.dumps(list(kinds))})")
    if listing(rule, "operations"):
        conditions.append(f"!(request.operation in {json.dumps(list(strings(rule, 'operations')))})")
    expression = text(rule, "expression")
    asked = " || ".join([*conditions, f"({expression})"]) if conditions else expression
    field = f"{text(rule, 'fieldPath')}: " if text(rule, "fieldPath") else ""
    origin = f" ({policy['kind']} {text(policy, 'metadata', 'name')}, rules.{text(rule, 'name')})"
    if message := text(rule, "message"):
        return {"expression": asked, "message": f"{field}{message}{origin}", "reason": "Invalid"}
    told = f"{_quoted(field)} + ({text(rule, 'messageExpression')}) + {_quoted(origin)}"
    return {"expression": asked, "messageExpression": told, "reason": "Invalid"}


def _regular(glob: str) -> str:
    return re.sub(r"(?:\\\*)+", ".*", re.escape(glob)).replace(r"\?", ".")


def _quoted(words: str) -> str:
    """A CEL string: JSON's escapes are CEL's too."""
    return json.dumps(words, ensure_ascii=False)
