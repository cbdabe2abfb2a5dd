"""The engine: one object in, the same object in the other version out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crds import meta
from crds.conversion import kept, policy, queue, trees, workerpool
from crds.conversion.kept import Kept
from crds.conversion.lens import Lens
from crds.conversion.trees import NOTHING, Tree

LENSES: Final[Mapping[str, Sequence[Lens]]] = {
    meta.QUEUE.kind: queue.LENSES,
    meta.WORKER_POOL.kind: workerpool.LENSES,
    meta.POLICY.kind: policy.LENSES,
}


class ConversionError(Exception):
    """There is nothing to convert from or to, of that kind or in that version; or a part of the object is missing."""


def convert(obj: Mapping[str, Any], api_version: str) -> dict[str, Any]:
    """The object in `api_version`. Status goes along as it is, metadata but for one annotation too.

    Raises ConversionError for objects of other groups, kinds and versions, and for one of v1beta1 whose other part was
    too large to go along; never for what is in a spec.
    """
    kind, given = obj.get("kind"), obj.get("apiVersion")
    lenses = LENSES.get(kind) if isinstance(kind, str) else None
    known = (meta.API_VERSION, meta.BETA_API_VERSION)
    if given == api_version and given in known:
        return dict(obj)
    if lenses is None or given not in known or api_version not in known:
        raise ConversionError(f"no conversion of {kind} from {given} to {api_version}")
    down = api_version == meta.BETA_API_VERSION
    result = {**obj, "apiVersion": api_version}
    here, there = (meta.VERSION, meta.BETA) if down else (meta.BETA, meta.VERSION)
    metadata = obj.get("metadata")
    before = kept.read(metadata, there)
    if before.too_large:
        raise ConversionError(f"this {kind} is too large for {meta.BETA} to carry all of it: edit it in {meta.VERSION}")
    spec = obj.get("spec")
    if isinstance(spec, Mapping):
        result["spec"], after = (_down if down else _up)(lenses, dict(spec), before)
    elif "spec" in obj or before == Kept():
        after = Kept()
    else:
        result["spec"], after = (_down if down else _up)(lenses, {}, before)
    result["metadata"] = kept.written(metadata, here, after)
    return result


def _down(lenses: Sequence[Lens], spec: Tree, before: Kept) -> tuple[Tree, Kept]:
    hub: Tree = trees.clone(spec)
    beta: Tree = {}
    exact: Tree = {}
    for lens in lenses:
        original = lens.down(hub, beta, before.exact.get(lens.name, NOTHING), spec)
        if original is not NOTHING:
            exact[lens.name] = original
    result = trees.clone(before.rest)
    trees.lay_over(result, beta)
    return result, Kept(hub, exact)


def _up(lenses: Sequence[Lens], spec: Tree, before: Kept) -> tuple[Tree, Kept]:
    beta: Tree = trees.clone(spec)
    hub: Tree = trees.clone(before.rest)
    exact: Tree = {}
    for lens in lenses:
        original = lens.up(beta, hub, before.exact.get(lens.name, NOTHING), spec)
        if original is not NOTHING:
            exact[lens.name] = original
    return hub, Kept(beta, exact)
