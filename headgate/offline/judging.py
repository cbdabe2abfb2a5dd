"""The verdict on manifests without a cluster: the engine of the admission server, on a world made of files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import crds
from crds import meta
from crds.conversion import ConversionError, convert
from crds.findings import Finding, Reason
from policies import Facts, MemorySnapshot, Operation, Violation, decide, text
from policies.fields import text as text_of
from webhooks.manifests import Manifest, stored

KINDS: Final = {kind.kind: kind for kind in meta.KINDS}
<<<<<<< HEAD
_KINDS_OF: Final = {meta.API_VERSION: meta.KINDS, meta.BETA_API_VERSION: meta.BETA_KINDS}
=======
VERSIONS: Final = {meta.API_VERSION: meta.VERSION, meta.BETA_API_VERSION: meta.BETA}
>>>>>>> main
UNKNOWN_FIELD: Final = "unknownField"
"""What the API server itself refuses of a client that asks it to be strict, as kubectl does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API server would answer to creating one manifest: every violation that refuses it, and the warnings."""

    manifest: Manifest
    name: str
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return not self.violations

    @property
    def denials(self) -> tuple[str, ...]:
        """Lines as kubectl prints them."""
        return tuple(text.line(violation) for violation in self.violations)


def ours(manifest: Manifest) -> bool:
<<<<<<< HEAD
    kinds = _KINDS_OF.get(text_of(manifest.obj, "apiVersion"), ())
    return any(manifest.obj["kind"] == kind.kind for kind in kinds)


def as_v1(obj: dict[str, Any]) -> dict[str, Any]:
    """As the engine gets it: the API server converts what is written in another version before it asks a webhook."""
    try:
        return convert(obj, meta.API_VERSION) if text_of(obj, "apiVersion") == meta.BETA_API_VERSION else obj
    except ConversionError:
        return obj


def placed(manifests: Iterable[Manifest], namespace: str) -> Iterator[Manifest]:
    """The manifests with a namespace where their kind has one and they name none."""
    for manifest in manifests:
        kind = KINDS.get(manifest.obj["kind"])
        metadata = manifest.obj.get("metadata")
        if kind and kind.namespaced and isinstance(metadata, dict) and not metadata.get("namespace"):
            located = {**manifest.obj, "metadata": {**metadata, "namespace": namespace}}
            yield Manifest(located, manifest.path, manifest.number, manifest.node)
        else:
            yield manifest
=======
    return text_of(manifest.obj, "apiVersion") in VERSIONS and manifest.obj["kind"] in KINDS
>>>>>>> main


def judge(manifest: Manifest, world: MemorySnapshot, now: datetime) -> Verdict:
    """The verdict on creating one object of ours in a world of files. Of another version than v1 it is judged as the
    API server would store it, so findings name fields of v1."""
    kind, obj = manifest.obj["kind"], manifest.obj
<<<<<<< HEAD
    decision = decide(Facts(kind, Operation.CREATE, as_v1(obj), None, world, now))
    unknown = [
        Violation(Finding(path, Reason.INVALID, "unknown field"), UNKNOWN_FIELD)
        for path in crds.unknown_fields(kind, obj, text_of(obj, "apiVersion").rpartition("/")[2])
=======
    decision = decide(Facts(kind, Operation.CREATE, stored(obj), None, world, now))
    unknown = [
        Violation(Finding(path, Reason.INVALID, "unknown field"), UNKNOWN_FIELD)
        for path in crds.unknown_fields(kind, obj, VERSIONS[obj["apiVersion"]])
>>>>>>> main
    ]
    denied = decision.denied or tuple(Violation(finding, "schema") for finding in _beta_findings(obj))
    return Verdict(manifest, name_of(obj), (*unknown, *denied), decision.warnings)


def _beta_findings(obj: dict[str, Any]) -> tuple[Finding, ...]:
    """What the API server's own schema refuses after the webhooks have let the object pass, in the words of v1beta1."""
    if text_of(obj, "apiVersion") != meta.BETA_API_VERSION:
        return ()
    return crds.validate(obj["kind"], obj, version=meta.BETA)


def name_of(obj: Any) -> str:
    namespace, name = text_of(obj, "metadata", "namespace"), text_of(obj, "metadata", "name")
    return f"{text_of(obj, 'kind')} {namespace}/{name}" if namespace else f"{text_of(obj, 'kind')} {name}"
