"""Writes to objects that are watched, whose answers go the way of a watch event. A patch tests the uid.

An answer that is dropped costs nothing: the watch brings it. One that is kept is the last that is heard of everything
that others had written by then, so it must never go past the `World`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import jsonpatch

from kube.resources import DEPLOYMENTS, PODS, STATEFUL_SETS, Resource
from reconciler.context import Context
from reconciler.status import RESOURCES

Object = dict[str, Any]

_RESOURCES: Final[Mapping[str, Resource]] = {
    **RESOURCES,
    **{resource.kind: resource for resource in (PODS, DEPLOYMENTS, STATEFUL_SETS)},
}


async def merge(ctx: Context, obj: Mapping[str, Any], patch: Mapping[str, Any]) -> Object:
    """A merge patch (RFC 7386), and the object as it is afterwards. A resourceVersion in it is a precondition.

    Raises Conflict where it is not met, or the object has a successor under its name.
    """
    metadata = obj["metadata"]
    whole = {**patch, "metadata": {**patch["metadata"], "uid": metadata["uid"]}}
    answer = await ctx.client.merge_patch(_RESOURCES[obj["kind"]], metadata["name"], metadata["namespace"], whole)
    ctx.world.answered(answer, _merged(obj, whole))
    return answer


async def edit(ctx: Context, obj: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> Object:
    """A JSON patch (RFC 6902), and the object as it is afterwards. Raises Invalid where a test fails."""
    metadata, operations = obj["metadata"], tuple(operations)
    whole = ({"op": "test", "path": "/metadata/uid", "value": metadata["uid"]}, *operations)
    answer = await ctx.client.json_patch(_RESOURCES[obj["kind"]], metadata["name"], metadata["namespace"], whole)
    changes = [dict(operation) for operation in operations if operation["op"] != "test"]
    ctx.world.answered(answer, cast("Object", jsonpatch.apply_patch(dict(obj), changes)))
    return answer


async def apply(ctx: Context, obj: Mapping[str, Any], body: Mapping[str, Any], manager: str) -> Object:
    """A server-side apply of what is there as `obj`, and the object as it is afterwards.

    What the API server fills in beside the body counts as news, as it does where it comes by the watch.
    """
    answer = await ctx.client.apply(_RESOURCES[obj["kind"]], body, manager)
    ctx.world.answered(answer, _merged(obj, body))
    return answer


def _merged(before: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    kept = dict(before) if isinstance(before, Mapping) else {}
    for field, value in patch.items():
        if value is None:
            kept.pop(field, None)
        else:
            kept[field] = _merged(kept.get(field), value)
    return kept
