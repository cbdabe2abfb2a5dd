"""The variables of rules for one object: plain JSON, and of it only what the rules look at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

import crds
from crds.compiling import root
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


def variables(subject: Subject, names: Tree) -> Variables:
    """What is named and no more: handing a whole object to the engine takes longer than most rules do."""
    return Variables({name: pruned(_MAKERS[name](subject, below), below) for name, below in names.items()})


def _object(subject: Subject, below: Tree) -> Any:
    return _given(subject, None if subject.is_leaving else subject.obj, subject.is_fine, below)


def _old_object(subject: Subject, below: Tree) -> Any:
    before = subject.obj if subject.is_leaving else subject.previous
    return _given(subject, before, before is not None and crds.fine(subject.kind, before), below)


def _given(subject: Subject, obj: Object | None, is_fine: bool, below: Tree) -> Any:
    """An object as the API server would store it, bounded, for the cost of a rule was reckoned with that."""
    if obj is None:
        return None
    if is_fine and 0 < subject.facts.size <= SURELY_SMALL and below and below.get("metadata", below):
        # Neither to be measured nor to be copied: what is not named, managedFields among it, is left out anyway.
        return obj
    kind = subject.kind
    if not is_fine:
        # Status and metadata are no part of what is decoded: the API server has a schema of its own for them.
        obj = {**root(kind).decoded(obj), **{key: obj[key] for key in _KEPT if key in obj}}
    metadata = {key: value for key, value in mapping(obj, "metadata").items() if key != "managedFields"}
    given = {**obj, "metadata": metadata}
    try:
        size = len(orjson.dumps(given))
    except TypeError as error:
        raise EvaluationError(f"the object is not JSON: {error}") from None
    if size > MOST_INPUT:
        raise EvaluationError(f"the object is larger than {MOST_INPUT // 1024} KiB, too large for rules in CEL")
    return given


def _request(subject: Subject, below: Tree) -> Any:
    facts = subject.facts
    return {
        "operation": facts.operation.value,
        "name": subject.name,
        "namespace": subject.namespace,
        "subResource": facts.subresource,
        "dryRun": facts.dry_run,
        "userInfo": {"username": facts.user.name, "groups": list(facts.user.groups)},
    }


def _namespace(subject: Subject, below: Tree) -> Any:
    labels = dict(subject.snapshot.namespace_labels(subject.namespace))
    return {"metadata": {"name": subject.namespace, "labels": labels}}


def _queues(subject: Subject, below: Tree) -> Any:
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


def _effective(subject: Subject, below: Tree) -> Any:
    return subject.effective.values


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
    return {key: pruned(value[key], below) for key, below in named.items() if key in value}


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
