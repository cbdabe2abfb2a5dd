"""What the engine writes into an object: labels that policies default, and all defaults of a `Persist` policy.

Operations are emitted directly and are only ever `add` at a path that is unset, parents included, so applying them to
their own result changes nothing, and an operation can't fail for want of a parent (a patch that does not apply is an
error under every failurePolicy).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from crds import meta
from crds.pointer import pointer
from policies import effective
from policies.compiled import Applied
from policies.decision import PatchOperation
from policies.facts import Facts, Object, Operation
from policies.fields import dig

_PERSISTED: Final = frozenset({*effective.QUEUE_DEFAULTS, "drain", "rollout", "scaling", "resources"})
"""Security contexts have no field of their own in a WorkerPool: they are always inherited when pods are rendered."""


def patch(facts: Facts, applied: Applied) -> tuple[PatchOperation, ...]:
    """The operations for one object, given the policies that apply to it."""
    if facts.new is None or facts.final or facts.subresource:
        return ()
    operations = list(_labels(facts.new, applied.labels)) if applied.labels else []
    if applied.persists and facts.operation is Operation.CREATE:
        operations += _persisted(facts.kind, facts.new, applied)
    return tuple(operations)


def patched(obj: Object, operations: Sequence[PatchOperation]) -> Object:
    """The object with the engine's own operations in it; what they do not touch is shared with the original."""
    for operation in operations:
        obj = _added(obj, operation["path"].split("/")[1:], operation["value"])
    return obj


def _labels(obj: Object, defaults: Mapping[str, Any]) -> Iterator[PatchOperation]:
    metadata = dig(obj, "metadata")
    if not isinstance(metadata, dict):
        return
    present = metadata.get("labels")
    if present is None:
        yield _add(("metadata", "labels"), defaults)
    elif isinstance(present, dict):
        for key in sorted(defaults.keys() - present.keys()):
            yield _add(("metadata", "labels", key), defaults[key])


def _persisted(kind: str, obj: Object, applied: Applied) -> Iterator[PatchOperation]:
    """The leaves whose strongest policy is a `Persist` one; a leaf that another policy decides stays inherited."""
    spec = dig(obj, "spec")
    if not isinstance(spec, dict):
        return
    views = applied.views
    found = effective.queue(spec, views) if kind == meta.QUEUE.kind else effective.pool(spec, (), views)
    persisting = {str(policy.ref) for policy in applied.policies if policy.persists}
    wanted: dict[str, Any] = {}
    for path, value, origin in found.leaves():
        if origin in persisting and path.split(".")[0] in _PERSISTED and not _set_through_template(spec, path):
            _put(wanted, path.split("."), value)
    yield from _unset(spec, wanted, ("spec",))


def _unset(present: Mapping[str, Any], wanted: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[PatchOperation]:
    for key, value in wanted.items():
        if key not in present:
            yield _add((*path, key), value)
        elif isinstance(value, dict) and isinstance(present[key], dict):
            yield from _unset(present[key], value, (*path, key))


def _set_through_template(spec: Mapping[str, Any], path: str) -> bool:
    """Resources of a pool with a template belong to the template's container; each thing is set once."""
    return path.startswith("resources.") and "template" in spec


def _put(tree: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


def _add(path: Sequence[str], value: Any) -> PatchOperation:
    return {"op": "add", "path": pointer(path), "value": value}


def _added(node: Any, tokens: Sequence[str], value: Any) -> Any:
    key = tokens[0].replace("~1", "/").replace("~0", "~")
    below = value if len(tokens) == 1 else _added(node[key], tokens[1:], value)
    return {**node, key: below}
