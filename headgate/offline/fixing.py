"""The smallest change that would make a refused manifest pass, where there is one that needs no decision of a person.

Every violation proposes values: the limit itself, the nearest word of an enumeration, the same value in the right type;
a field nobody knows and a key that is Headgate's are taken away. Proposals are tried with the engine, never trusted:
what is returned has been judged and passes, and no part of it can be left out. Which team owns a pool, or which image
it should run, is proposed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import jsonpatch

from crds import meta
from crds.findings import Reason
from headgate.offline.judging import KINDS, MISNAMED, UNKNOWN_FIELD, Verdict, judge, schema_at
from headgate.offline.locating import steps
from policies import MemorySnapshot, Violation
from policies.fields import dig, items, strings, text
from policies.nearest import nearest

Path = tuple[str | int, ...]
Object = dict[str, Any]


class _Gone:
    """In place of a value: the field goes."""


GONE: Final = _Gone()
Changes = Mapping[Path, Any]
"""Values by path; GONE takes one away."""

MAX_ROUNDS: Final = 4
"""A change can bring the next violation to light, as a lowered maximum does to the minimum. More than three in a row
would be no small change."""

_BOUNDED_BY: Final[Mapping[str, Path]] = {
    "spec.scaling.minReplicas": ("spec", "scaling", "maxReplicas"),
    "spec.retry.backoff.initial": ("spec", "retry", "backoff", "max"),
    "spec.maxInFlight": ("spec", "concurrency"),
}
"""Fields that must keep an order with another one: the other stays, this one follows."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A JSON Patch; or None, and the fields about which only a person can decide."""

    patch: Sequence[Mapping[str, Any]] | None
    undecided: tuple[str, ...] = ()


def fix(verdict: Verdict, world: MemorySnapshot, now: datetime) -> Fix:
    """What would make a refused manifest pass."""
    chosen: list[Changes] = []
    tried = verdict
    for _ in range(MAX_ROUNDS):
        # A violation without a proposal may be the echo of another, and go with it.
        proposed = [change for violation in tried.violations if (change := _change(violation, tried, world, now))]
        chosen += proposed
        tried = _judged(verdict, chosen, world, now)
        if tried.allowed or not proposed:
            break
    if not tried.allowed:
        return Fix(None, tuple(dict.fromkeys(violation.finding.field for violation in tried.violations)))
    fixed = changed(verdict.manifest.obj, _together(_needed(verdict, chosen, world, now)))
    return Fix(tuple(jsonpatch.make_patch(verdict.manifest.obj, fixed).patch))


def _needed(verdict: Verdict, chosen: list[Changes], world: MemorySnapshot, now: datetime) -> list[Changes]:
    """The changes without those that a later one has made needless."""
    for change in list(chosen):
        fewer = [other for other in chosen if other is not change]
        if _judged(verdict, fewer, world, now).allowed:
            chosen = fewer
    return chosen


def _together(chosen: Sequence[Changes]) -> Changes:
    return {path: value for change in chosen for path, value in change.items()}


def _change(violation: Violation, verdict: Verdict, world: MemorySnapshot, now: datetime) -> Changes | None:
    """The first proposal that makes this violation go, whatever it does to others."""
    obj = verdict.manifest.obj
    path = resolved(obj, violation.finding.field)
    for change in _proposals(violation, path, obj, world):
        after = _judged(verdict, [change], world, now)
        if _said(violation) not in map(_said, after.violations):
            return change
    return None


def _said(violation: Violation) -> tuple[object, str]:
    """Which violation it is, whatever the value: the same rule can have two complaints about one field."""
    return violation.identity, violation.finding.message


def _judged(verdict: Verdict, chosen: Sequence[Changes], world: MemorySnapshot, now: datetime) -> Verdict:
    manifest = replace(verdict.manifest, obj=changed(verdict.manifest.obj, _together(chosen)))
    return judge(manifest, world, now, namespaced_rules=verdict.namespaced_rules)


def _proposals(violation: Violation, path: Path, obj: Object, world: MemorySnapshot) -> Iterator[Changes]:
    if violation.policy is not None:
        yield from ({path: value} for value in _of_policy(violation, path, obj, world))
    elif violation.rule == "schema":
        yield from ({path: value} for value in _of_schema(path, obj))
        if bound := _BOUNDED_BY.get(violation.finding.field):
            yield {path: _value(obj, bound)}
    elif violation.rule == UNKNOWN_FIELD:
        yield _renamed(path, obj) or {path: GONE}
    elif violation.rule == MISNAMED:
        likely = nearest(text(obj, "kind"), KINDS) if path == ("kind",) else meta.API_VERSION
        if likely:
            yield {path: likely}
    elif violation.rule == "reservedEnvironment":
        yield {path[:-1]: GONE}
    elif violation.finding.reason is Reason.FORBIDDEN:
        yield {path: GONE}


def _renamed(path: Path, obj: Object) -> Changes | None:
    """The value under the name that was meant, where that name is near and free."""
    fields = schema_at(text(obj, "kind"), path[:-1]).get("properties", {})
    likely = nearest(str(path[-1]), fields.keys() - _value(obj, path[:-1]).keys())
    return {path: GONE, (*path[:-1], likely): _value(obj, path)} if likely else None


def _of_policy(violation: Violation, path: Path, obj: Object, world: MemorySnapshot) -> Iterator[Any]:
    """The limit itself; of a required label, its value where there is only one to choose."""
    spec = _spec_of(violation, obj, world)
    if violation.rule == "requiredLabels":
        for _, label in items(spec, "requiredLabels"):
            values = strings(label, "values")
            if violation.finding.field == f"metadata.labels[{text(label, 'key')}]" and len(values) == 1:
                yield values[0]
    limit = dig(spec, *violation.rule.split("."))
    if violation.rule.startswith("limits.") and limit is not None:
        present = _value(obj, path)
        if isinstance(limit, dict) and isinstance(present, dict):
            yield {**present, **limit}
        yield deepcopy(limit)


def _spec_of(violation: Violation, obj: Object, world: MemorySnapshot) -> Mapping[str, Any]:
    for view in world.policies(text(obj, "metadata", "namespace")):
        if violation.policy is not None and (view.kind, view.name) == (violation.policy.kind, violation.policy.name):
            return view.spec
    return {}


def _of_schema(path: Path, obj: Object) -> Iterator[Any]:
    """What the field's own schema says of a value near the one that is there."""
    schema, value = schema_at(text(obj, "kind"), path), _value(obj, path)
    yield from _retyped(schema, value)
    if type(value) is int:
        yield min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
    elif isinstance(value, str) and (likely := _word(value, schema.get("enum", ()))):
        yield likely


def _retyped(schema: Mapping[str, Any], value: Any) -> Iterator[Any]:
    """The same value in the type the field has: YAML's quotes are forgotten easily, and set too often."""
    match value, schema.get("type", "string"):
        case str(), "integer" if value.removeprefix("-").isdigit():
            yield int(value)
        case str(), "boolean" if value.lower() in ("true", "false"):
            yield value.lower() == "true"
        case bool() | int() | float(), "string":
            yield str(value).lower()


def _word(value: str, words: Sequence[str]) -> str | None:
    by_folded = {word.casefold(): word for word in words}
    likely = nearest(value.casefold(), by_folded)
    return by_folded[likely] if likely is not None else None


def _value(obj: Any, path: Path) -> Any:
    for step in path:
        try:
            obj = obj[step]
        except (KeyError, IndexError, TypeError):
            return None
    return obj


def resolved(obj: Any, field: str) -> Path:
    """The path of a field in this object: `[3]` is an index in a list and a key in a map."""
    path: list[str | int] = []
    for step in steps(field):
        path.append(int(step) if isinstance(obj, list) and step.isdigit() else step)
        obj = _value(obj, (path[-1],))
    return tuple(path)


def changed(obj: Object, changes: Changes) -> Object:
    """A copy with the changes in it. Removals come last and from the end, so that indices stay what they were."""
    result = deepcopy(obj)
    for path, value in changes.items():
        if value is not GONE:
            _set(result, path, value)
    for path in sorted((path for path, value in changes.items() if value is GONE), key=_order, reverse=True):
        _remove(result, path)
    return result


def _order(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple((step, -1) if isinstance(step, str) else ("", step) for step in path)


def _set(obj: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        obj = obj.setdefault(step, {}) if isinstance(obj, dict) else obj[step]
    obj[path[-1]] = value


def _remove(obj: Any, path: Path) -> None:
    holder = _value(obj, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)
    elif isinstance(holder, list) and isinstance(path[-1], int) and path[-1] < len(holder):
        del holder[path[-1]]
