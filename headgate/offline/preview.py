"""What a policy would find among the objects there are, before anybody is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headgate.offline.judging import name_of
from policies import Facts, MemorySnapshot, Operation, PolicyRef, Violation, applying, decide
from policies.fields import text

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
    world = MemorySnapshot.of([*objects, policy])
    looked_at = [obj for obj in objects if _concerns(policy, obj, world)]
    broken = tuple(found for obj in looked_at if (found := _broken(policy, obj, world, now)).violations)
    return Preview(name_of(policy), len(looked_at), broken)


def _concerns(policy: Object, obj: Object, world: MemorySnapshot) -> bool:
    own = text(policy, "metadata", "namespace")
    return own in ("", text(obj, "metadata", "namespace")) and any(
        applied.ref == _ref(policy) for applied in applying(text(obj, "kind"), obj, world)
    )


def _broken(policy: Object, obj: Object, world: MemorySnapshot, now: datetime) -> Broken:
    kind = text(obj, "kind")
    decision = decide(Facts(kind, Operation.CREATE, obj, None, world, now, final=True))
    found = tuple(violation for violation in decision.violations if violation.policy == _ref(policy))
    return Broken(kind, text(obj, "metadata", "namespace"), text(obj, "metadata", "name"), found)


def _ref(policy: Object) -> PolicyRef:
    return PolicyRef(text(policy, "kind"), text(policy, "metadata", "name"))


def rows(found: Preview) -> Iterator[tuple[str, ...]]:
    """One row a finding: namespace, object, field, and what is wrong."""
    for one in found.broken:
        for violation in one.violations:
            what = f"{violation.finding.detail()} ({violation.rule})"
            yield one.namespace, f"{one.kind}/{one.name}", violation.finding.field, what
