"""Two policies that no object can satisfy together, as far as their words alone tell it.

Only policies that select objects in the same words are compared, such as those that select all of a kind: of others
nobody can say whether they ever meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from crds import meta
from policies import bounds
from policies.compiled import CompiledPolicy, compiled
from policies.decision import PolicyRef
from policies.facts import Facts, Operation
from policies.fields import NOTHING, items, mapping, strings, text
from policies.memory import MemorySnapshot
from policies.rules.content import prefixes
from policies.rules.rule import WORK_KINDS
from policies.selectors import apart
from policies.snapshot import Policies, PolicyView
from policies.subject import Subject


def conflicts(
    policy: PolicyView, all_there: Iterable[PolicyView], now: datetime, namespace_labels: Mapping[str, str] = NOTHING
) -> list[str]:
    """What of this policy cannot be kept beside others. `all_there` are in the order of their strength.

    `namespace_labels` are those of a Policy's own namespace: only ClusterPolicies that select it meet it there.
    """
    own = compiled(policy)
    met = [view for view in all_there if view is policy or _meet(own, compiled(view), namespace_labels)]
    others = [compiled(view) for view in met if view is not policy]
    found = [sentence for other in others for sentence in _between(own, other)]
    return [*found, *_labelled(own, met), *_inherited(own, tuple(met), now)]


def _meet(one: CompiledPolicy, other: CompiledPolicy, namespace_labels: Mapping[str, str]) -> bool:
    """Whether there are objects, as far as anybody can say, that both are about."""
    if one.kinds.isdisjoint(other.kinds) or _objects(one) != _objects(other):
        return False
    if one.view.namespace:
        return any(other.concerns(kind, namespace_labels) for kind in one.kinds)
    return other.everywhere or _namespaces(one) == _namespaces(other)


def _objects(policy: CompiledPolicy) -> tuple[frozenset[str], Any]:
    match = mapping(policy.view.spec, "match")
    return frozenset(strings(match, "names")), mapping(match, "labelSelector")


def _namespaces(policy: CompiledPolicy) -> Any:
    return mapping(policy.view.spec, "match", "namespaceSelector")


def _between(one: CompiledPolicy, other: CompiledPolicy) -> Iterator[str]:
    yield from _drains(one.view.spec, other.view.spec, other.ref)
    theirs = dict(_labels(other.view.spec))
    for key, values in _labels(one.view.spec):
        if values and theirs.get(key) and values.isdisjoint(theirs[key]):
            yield f"requiredLabels {key} has no value that {other.ref} allows too"
    both = one.kinds & other.kinds
    if meta.WORKER_POOL.kind in both and _no_image(one.view.spec, other.view.spec):
        yield f"allowedImages has no prefix that {other.ref} allows too"
    if meta.QUEUE.kind in both and _no_host(one.view.spec, other.view.spec):
        yield f"allowedBrokers has no host that {other.ref} allows too"


def _no_image(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    ours, others = prefixes(own.get("allowedImages")), prefixes(theirs.get("allowedImages"))
    if ours is None or others is None:
        return False
    return not any(one.startswith(other) or other.startswith(one) for one in ours for other in others)


def _no_host(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    ours, others = strings(own, "allowedBrokers"), strings(theirs, "allowedBrokers")
    return bool(ours and others) and apart(map(str.lower, ours), [host.lower() for host in others])


def _labelled(own: CompiledPolicy, met: Iterable[PolicyView]) -> Iterator[str]:
    """Labels that another policy writes into whatever lacks them, and that this one refuses."""
    written: dict[str, tuple[str, PolicyRef]] = {}
    for policy in map(compiled, met):
        for key, value in mapping(policy.defaults, "labels").items():
            written.setdefault(key, (value, policy.ref))
    for key, values in _labels(own.view.spec):
        value, origin = written.get(key, ("", own.ref))
        if values and value not in values and origin != own.ref:
            yield f"requiredLabels {key} refuses defaults.labels[{key}] of {origin}"


def _drains(own: Mapping[str, Any], theirs: Mapping[str, Any], other: PolicyRef) -> Iterator[str]:
    if _excludes(own, theirs):
        yield f"limits.minDrainTimeout is longer than limits.maxDrainTimeout of {other}"
    if _excludes(theirs, own):
        yield f"limits.maxDrainTimeout is shorter than limits.minDrainTimeout of {other}"


def _excludes(least_of: Mapping[str, Any], most_of: Mapping[str, Any]) -> bool:
    least = bounds.seconds(mapping(least_of, "limits").get("minDrainTimeout"))
    most = bounds.seconds(mapping(most_of, "limits").get("maxDrainTimeout"))
    return least is not None and most is not None and least > most


def _inherited(own: CompiledPolicy, views: tuple[PolicyView, ...], now: datetime) -> Iterator[str]:
    """Defaults of another policy that this one refuses: then every object that says nothing is refused."""
    for kind in sorted(WORK_KINDS):
        facts = Facts(kind, Operation.CREATE, None, None, MemorySnapshot(), now)
        silent = Subject(facts, {"metadata": {}, "spec": {}}, None, Policies(views))
        for check in own.checks:
            if not check.rule.id.startswith("limits.") or not check.rule.covers(kind, Operation.CREATE, ""):
                continue
            for breach in check.rule.check(silent, check.limit):
                path = breach.finding.field.removeprefix("spec.")
                origin = silent.effective.origin(path)
                if origin and origin not in ("built-in", str(own.ref)):
                    yield f"{check.rule.id} refuses defaults.{path} of {origin}"


def _labels(spec: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    for _, label in items(spec, "requiredLabels"):
        yield text(label, "key"), frozenset(strings(label, "values"))
