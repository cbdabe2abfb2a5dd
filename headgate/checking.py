"""The verdict on manifests without a cluster: the engine of the admission server, on a world made of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import crds
from crds import meta
from crds.findings import Finding, Reason
from policies import Facts, MemorySnapshot, Operation, decide, text
from policies.fields import text as text_of
from webhooks.manifests import Manifest

KINDS: Final = {kind.kind: kind for kind in meta.KINDS}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API server would answer to creating one manifest. `denials` are lines as kubectl prints them."""

    manifest: Manifest
    name: str
    denials: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return not self.denials


def ours(manifest: Manifest) -> bool:
    return text_of(manifest.obj, "apiVersion") == meta.API_VERSION and manifest.obj["kind"] in KINDS


def placed(manifests: Iterable[Manifest], namespace: str) -> Iterator[Manifest]:
    """The manifests with a namespace where their kind has one and they name none."""
    for manifest in manifests:
        kind = KINDS.get(manifest.obj["kind"])
        metadata = manifest.obj.get("metadata")
        if kind and kind.namespaced and isinstance(metadata, dict) and not metadata.get("namespace"):
            located = {**manifest.obj, "metadata": {**metadata, "namespace": namespace}}
            yield Manifest(located, manifest.path, manifest.number)
        else:
            yield manifest


def judge(manifest: Manifest, world: MemorySnapshot, now: datetime) -> Verdict:
    """The verdict on creating one object of ours in a world of files."""
    kind, obj = manifest.obj["kind"], manifest.obj
    decision = decide(Facts(kind, Operation.CREATE, obj, None, world, now))
    unknown = [Finding(path, Reason.INVALID, "unknown field").line() for path in crds.unknown_fields(kind, obj)]
    denials = [*unknown, *(text.line(violation) for violation in decision.denied)]
    return Verdict(manifest, _name(obj), tuple(denials), decision.warnings)


def _name(obj: Any) -> str:
    namespace, name = text_of(obj, "metadata", "namespace"), text_of(obj, "metadata", "name")
    return f"{text_of(obj, 'kind')} {namespace}/{name}" if namespace else f"{text_of(obj, 'kind')} {name}"
