"""Two policies that no object can satisfy together, as far as their words alone tell it.

Only policies that are about the same kinds whatever an object's name and labels are compared: of narrower ones nobody
can say whether they ever meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from policies import bounds
from policies.compiled import CompiledPolicy, compiled
from policies.decision import PolicyRef
from policies.facts import Facts, Operation
from policies.fields import items, mapping, strings, text
from policies.memory import MemorySnapshot
from policies.rules.rule import WORK_KINDS
from policies.snapshot import Policies, PolicyView
from policies.subject import Subject


def conflicts(policy: PolicyView, all_there: Iterable[PolicyView], now: datetime) -> list[str]:
    """What of this policy cannot be kept beside others. `all_there` are in the order of their strength."""
    ordered, own = tuple(all_there), compiled(policy)
    others = [other for other in map(compiled, ordered) if other.view is not policy and _meet(own, other)]
    if not own.selects_all:
        return []
    found = [sentence for other in others for sentence in _between(own, other)]
    return [*found, *_inherited(own, tuple(view for view in ordered if compiled(view).selects_all), now)]


def _meet(one: CompiledPolicy, other: CompiledPolicy) -> bool:
    return one.selects_all and other.selects_all and not one.kinds.isdisjoint(other.kinds)


def _between(one: CompiledPolicy, other: CompiledPolicy) -> Iterator[str]:
    yield from _drains(one.view.spec, other.view.spec, other.ref)
    theirs = dict(_labels(other.view.spec))
    for key, values in _labels(one.view.spec):
        if values and theirs.get(key) and values.isdisjoint(theirs[key]):
            yield f"requiredLabels {key} has no value that {other.ref} allows too"


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
