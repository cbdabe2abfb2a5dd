"""The verdict on manifests without a cluster: the engine of the admission server, on a world made of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import crds
from crds import meta
from crds.findings import Finding, Reason
from policies import Facts, MemorySnapshot, Operation, Violation, decide, text
from policies.fields import text as text_of
from webhooks.manifests import Manifest, stored

KINDS: Final = {kind.kind: kind for kind in meta.KINDS}
VERSIONS: Final = {meta.API_VERSION: meta.VERSION, meta.BETA_API_VERSION: meta.BETA}
UNKNOWN_FIELD: Final = "unknownField"
"""What the API server itself refuses of a client that asks it to be strict, as kubectl does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API server would answer to one manifest: every violation that refuses it, and the warnings."""

    manifest: Manifest
    name: str
    violations: tuple[Violation, ...]
    warnings: tuple[str, ...]
    namespaced_rules: bool = True
    """Whether it was judged for an install that lets a Policy carry rules in CEL."""

    @property
    def allowed(self) -> bool:
        return not self.violations

    @property
    def denials(self) -> tuple[str, ...]:
        """Lines as kubectl prints them."""
        return tuple(text.line(violation) for violation in self.violations)


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
    """The verdict on creating one object of ours in a world, or on putting it in the place of the one `before`. Of
    another version than v1 it is judged as the API server would store it, so findings name fields of v1."""
    kind, obj = manifest.obj["kind"], manifest.obj
    operation = Operation.CREATE if before is None else Operation.UPDATE
    decision = decide(Facts(kind, operation, stored(obj), before, world, now, namespaced_rules=namespaced_rules))
    unknown = [
        Violation(Finding(path, Reason.INVALID, "unknown field"), UNKNOWN_FIELD)
        for path in crds.unknown_fields(kind, obj, VERSIONS[obj["apiVersion"]])
    ]
    return Verdict(manifest, name_of(obj), (*unknown, *decision.denied), decision.warnings, namespaced_rules)


def name_of(obj: Any) -> str:
    namespace, name = text_of(obj, "metadata", "namespace"), text_of(obj, "metadata", "name")
    return f"{text_of(obj, 'kind')} {namespace}/{name}" if namespace else f"{text_of(obj, 'kind')} {name}"
