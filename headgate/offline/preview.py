"""What a policy would find among the objects there are, before anybody is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headgate.offline.judging import name_of
from policies import MemorySnapshot, PolicyRef, Violation
from policies.fields import mapping, text
from policies.stored import stored

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """The policy is about `looked_at` objects; `broken` of them break it."""

    policy: str
    looked_at: int
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """One object, and everything in it that the policy would find."""

    kind: str
    namespace: str
    name: str
    violations: tuple[Violation, ...]


def preview(policy: Object, objects: Sequence[Object], now: datetime) -> Preview:
    """As if the policy stood among the objects, in place of the one of its name; each object is judged as it stands.

    Others' policies count for what they default, and their own findings are not told.
    """
    world, own = MemorySnapshot.of([*objects, policy]), text(policy, "metadata", "namespace")
    ref = PolicyRef(text(policy, "kind"), text(policy, "metadata", "name"))
    looked_at, broken = 0, []
    for obj in objects:
        metadata = mapping(obj, "metadata")
        if own not in ("", text(metadata, "namespace")):
            continue
        judged = stored(text(obj, "kind"), obj, world, now)
        looked_at += ref in judged.policies
        if found := judged.of(ref):
            broken.append(Broken(text(obj, "kind"), text(metadata, "namespace"), text(metadata, "name"), found))
    return Preview(name_of(policy), looked_at, tuple(broken))


def rows(found: Preview) -> Iterator[tuple[str, ...]]:
    """One row a finding: namespace, object, field, and what is wrong."""
    for one in found.broken:
        for violation in one.violations:
            what = f"{violation.finding.detail()} ({violation.rule})"
            yield one.namespace, f"{one.kind}/{one.name}", violation.finding.field, what
