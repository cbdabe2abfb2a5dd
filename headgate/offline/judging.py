"""The verdict on manifests without a cluster: the engine of the admission server, on a world made of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import crds
from crds import meta
from crds.findings import Finding, Reason
from crds.schema import structural
from headgate.offline.locating import steps
from policies import Facts, MemorySnapshot, Operation, Violation, decide
from policies.decision import Notice
from policies.fields import text as text_of
from policies.nearest import nearest
from webhooks.manifests import Manifest, stored

KINDS: Final = {kind.kind: kind for kind in meta.KINDS}
VERSIONS: Final = {meta.API_VERSION: meta.VERSION, meta.BETA_API_VERSION: meta.BETA}
MISNAMED: Final = "misnamed"
"""What the API server does not know at all, although it is meant for Headgate."""
UNKNOWN_FIELD: Final = "unknownField"
"""What the API server itself refuses of a client that asks it to be strict, as kubectl does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API server would answer to one manifest: every violation that refuses it, and the warnings."""

    manifest: Manifest
    name: str
    violations: tuple[Violation, ...]
    notices: tuple[Notice, ...]
    namespaced_rules: bool = True
    """Whether it was judged for an install that lets a Policy carry rules in CEL."""

    @property
    def allowed(self) -> bool:
        return not self.violations


def meant_for_us(manifest: Manifest) -> bool:
    """Whether it is of our group, be it of a version or a kind there is none of, or forgot to say so."""
    version = text_of(manifest.obj, "apiVersion")
    return version.partition("/")[0] == meta.GROUP or (not version and manifest.obj["kind"] in KINDS)


def ours(manifest: Manifest) -> bool:
    return text_of(manifest.obj, "apiVersion") in VERSIONS and manifest.obj["kind"] in KINDS


def judge(
    manifest: Manifest,
    world: MemorySnapshot,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    *,
    namespaced_rules: bool = True,
) -> Verdict:
    """The verdict on creating one object that is meant for us in a world, or on putting it in the place of the one
    `before`. Of another version than v1 it is judged as the API server would store it, so findings name fields of v1.
    """
    kind, obj = manifest.obj["kind"], manifest.obj
    if not ours(manifest):
        return Verdict(manifest, name_of(obj), (_misnamed(obj),), (), namespaced_rules)
    operation = Operation.CREATE if before is None else Operation.UPDATE
    decision = decide(Facts(kind, operation, stored(obj), before, world, now, namespaced_rules=namespaced_rules))
    version = VERSIONS[obj["apiVersion"]]
    unknown = [_unknown(kind, version, path) for path in crds.unknown_fields(kind, obj, version)]
    return Verdict(manifest, name_of(obj), (*unknown, *decision.denied), decision.notices, namespaced_rules)


def schema_at(kind: str, path: Iterable[str | int], version: str = meta.VERSION) -> Mapping[str, Any]:
    """The schema of a field; empty where there is none."""
    node: Mapping[str, Any] = structural(kind, version)
    for step in path:
        if isinstance(step, int) or (step.isdigit() and "items" in node):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step) or node.get("additionalProperties") or {}
    return node


def _unknown(kind: str, version: str, path: str) -> Violation:
    *holder, name = steps(path)
    likely = nearest(name, schema_at(kind, holder, version).get("properties", {}))
    hint = f'; did you mean "{likely}"?' if likely else ""
    return Violation(Finding(path, Reason.INVALID, f"unknown field{hint}"), UNKNOWN_FIELD)


def _misnamed(obj: Mapping[str, Any]) -> Violation:
    version, kind = text_of(obj, "apiVersion"), text_of(obj, "kind")
    if not version:
        return Violation(Finding("apiVersion", Reason.REQUIRED, f"write {meta.API_VERSION}"), MISNAMED)
    if version not in VERSIONS:
        message = f"write {meta.API_VERSION}, or {meta.BETA_API_VERSION} for older objects"
        return Violation(Finding("apiVersion", Reason.NOT_SUPPORTED, message, version), MISNAMED)
    likely = nearest(kind, KINDS)
    message = f'no such kind; did you mean "{likely}"?' if likely else f"one of {', '.join(KINDS)}"
    return Violation(Finding("kind", Reason.NOT_SUPPORTED, message, kind), MISNAMED)


def name_of(obj: Any) -> str:
    namespace, name = text_of(obj, "metadata", "namespace"), text_of(obj, "metadata", "name")
    return f"{text_of(obj, 'kind')} {namespace}/{name}" if namespace else f"{text_of(obj, 'kind')} {name}"
