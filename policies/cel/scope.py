"""The variables of rules for one object: plain JSON, and of it only what the rules look at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

import crds
from crds import meta
from crds.compiling import root
from policies import effective
from policies.cel.engine import EvaluationError, Variables
from policies.cel.shapes import MOST_INPUT
from policies.cel.variables import EFFECTIVE, MOST_QUEUES, NAMESPACE, OBJECT, OLD_OBJECT, QUEUES, REQUEST
from policies.cel.walk import Path
from policies.facts import Object
from policies.fields import items, mapping, text
from policies.subject import Subject

Tree = Mapping[str, Any]
_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\[\]]+)\]")
SURELY_SMALL: Final = MOST_INPUT // 16
"""A request of so many bytes holds no larger object than rules may see, however its numbers were written."""
_KEPT: Final = ("metadata", "status", "apiVersion", "kind")


class Wanted(NamedTuple):
    """What some rules look at: the paths as a tree that begins with the variables, and the groups below `effective`.

    `sayable` is what is named there, as far as it is nothing but what an object can say itself.
    """

    tree: Tree
    effective: effective.Part
    sayable: Tree


def wanted(kind: str, reads: Iterable[Path]) -> Wanted:
    whole = tree(reads)
    named = whole.get(EFFECTIVE, {})
    part = effective.part(effective.QUEUE if kind == meta.QUEUE.kind else effective.POOL, named)
    return Wanted(whole, part, named if named.keys() <= set(part.own) else {})


def variables(subject: Subject, reads: Wanted) -> Variables:
    """What is named and no more: handing a whole object to the engine takes longer than most rules do."""
    values = {name: pruned(_MAKERS[name](subject, below, reads), below) for name, below in reads.tree.items()}
    return Variables(values)


def _object(subject: Subject, below: Tree, reads: Wanted) -> Any:
    if subject.is_leaving:
        return None
    if subject.facts.subresource:
        return _scaled(subject, subject.obj, below)
    return _given(subject, subject.obj, subject.is_fine, below)


def _old_object(subject: Subject, below: Tree, reads: Wanted) -> Any:
    before = subject.obj if subject.is_leaving else subject.previous
    if before is None:
        return None
    if subject.facts.subresource:
        return _scaled(subject, before, below)
    return _given(subject, before, crds.fine(subject.kind, before), below)


def _given(subject: Subject, obj: Object, is_fine: bool, below: Tree) -> Object:
    """An object as the API server would store it, bounded, for the cost of a rule was reckoned with that."""
    if is_fine and 0 < subject.facts.size <= SURELY_SMALL and below and below.get("metadata", below):
        # Neither to be measured nor to be copied: what is not named, managedFields among it, is left out anyway.
        return obj
    if not is_fine:
        obj = _decoded(subject.kind, obj)
    metadata = {key: value for key, value in mapping(obj, "metadata").items() if key != "managedFields"}
    given = {**obj, "metadata": metadata}
    _measure(given)
    return given


def _scaled(subject: Subject, obj: Object, below: Tree) -> Object:
    """The little that is known of a pool that is scaled. It lacks what every pool has, so asking whether it is fine
    would tell nothing.
    """
    _measure(obj)
    return _decoded(subject.kind, pruned(obj, below))


def _decoded(kind: str, obj: Object) -> Object:
    # Status and metadata are no part of what is decoded: the API server has a schema of its own for them.
    return {**root(kind).decoded(obj), **{key: obj[key] for key in _KEPT if key in obj}}


def _measure(obj: Object) -> None:
    try:
        size = len(orjson.dumps(obj))
    except TypeError as error:
        raise EvaluationError(f"the object is not JSON: {error}") from None
    if size > MOST_INPUT:
        raise EvaluationError(f"the object is larger than {MOST_INPUT // 1024} KiB, too large for rules in CEL")


def _request(subject: Subject, below: Tree, reads: Wanted) -> Any:
    facts = subject.facts
    return {
        "operation": facts.operation.value,
        "name": subject.name,
        "namespace": subject.namespace,
        "subResource": facts.subresource,
        "dryRun": facts.dry_run,
        "userInfo": {"username": facts.user.name, "groups": list(facts.user.groups)},
    }


def _namespace(subject: Subject, below: Tree, reads: Wanted) -> Any:
    labels = dict(subject.snapshot.namespace_labels(subject.namespace))
    return {"metadata": {"name": subject.namespace, "labels": labels}}


def _queues(subject: Subject, below: Tree, reads: Wanted) -> Any:
    """The Queues a WorkerPool names, in its order, as far as they are known; a Queue has none."""
    known = subject.snapshot.queues(subject.namespace)
    names = [text(item, "name") for _, item in items(subject.spec, "queues")][:MOST_QUEUES]
    return [
        {
            "name": queue.name,
            "queueName": queue.queue_name,
            "broker": queue.broker,
            "labels": dict(queue.labels),
            "spec": dict(queue.spec),
        }
        for queue in (known[name] for name in names if name in known)
    ]


def _effective(subject: Subject, below: Tree, reads: Wanted) -> Any:
    if not 0 < subject.facts.size <= SURELY_SMALL:
        _measure(subject.spec)
    return _said(subject.spec, reads.sayable) or subject.effective_in(reads.effective).values


def _said(spec: Mapping[str, Any], named: Tree) -> dict[str, Any] | None:
    """What is named, where the object says all of it itself: nothing can be inherited then, and merging takes longer
    than half of the rules do.
    """
    said = {}
    for key, below in named.items():
        value = spec.get(key)
        if type(value) is dict:
            value = _said(value, below) if below else None
        elif below:
            return None
        if value is None:
            return None
        said[key] = value
    return said


_MAKERS: Final = {
    OBJECT: _object,
    OLD_OBJECT: _old_object,
    REQUEST: _request,
    NAMESPACE: _namespace,
    QUEUES: _queues,
    EFFECTIVE: _effective,
}


def pruned(value: Any, named: Tree) -> Any:
    """The parts of a value that a tree names; an empty tree names all of it."""
    if not named or type(value) is not dict:
        return value
    picked = {}
    for key, below in named.items():
        if key in value:
            # Most are leaves, and a call for each would take longer than the rest.
            picked[key] = pruned(value[key], below) if below else value[key]
    return picked


def tree(reads: Iterable[Path]) -> Tree:
    """Paths as a tree; one that ends inside another stands for all that is below it."""
    whole: dict[str, Any] = {}
    for path in sorted(reads, key=len, reverse=True):
        at = whole
        for step in path[:-1]:
            at = at.setdefault(step, {})
        at[path[-1]] = {}
    return whole


def value_at(obj: Any, field: str) -> Any:
    """The value at a field path such as `spec.queues[0].name` or `metadata.labels[team]`, or None."""
    for step in _steps(field):
        if isinstance(obj, dict):
            obj = obj.get(step)
        elif isinstance(obj, list):
            obj = _entry(obj, step)
        else:
            return None
    return obj


def _steps(field: str) -> Iterator[str]:
    for name, bracketed in _STEP.findall(field):
        yield name or bracketed


def _entry(entries: Collection[Any], step: str) -> Any:
    """The entry of a list by its number or its name."""
    for number, entry in enumerate(entries):
        if str(number) == step or (isinstance(entry, dict) and entry.get("name") == step):
            return entry
    return None
