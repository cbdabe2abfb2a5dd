"""What a policy would do to what is stored already, found out before it is in force: by the server, and offline.

Objects are looked at one by one, so that whoever asks decides when to pause and when to stop; what is said is always
about what was looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from policies.claims import claimed
from policies.compiled import compiled
from policies.decision import PolicyRef, Violation
from policies.facts import Object
from policies.fields import mapping, text
from policies.projection import policy_view
from policies.snapshot import Policies, PolicyView, PoolView, QueueView, Snapshot
from policies.stored import stored
from policies.text import MAX_WARNING

NAMED: Final = 2


class Overlaid:
    """A snapshot in which one policy is as it would be, and ClusterPolicies hold only where nobody has claimed the
    namespace.
    """

    def __init__(self, under: Snapshot, policy: PolicyView) -> None:
        self._under = under
        self._policy = policy
        self._ordered: dict[str, Policies] = {}

    def policies(self, namespace: str) -> Policies:
        ordered = self._ordered.get(namespace)
        if ordered is None:
            ordered = self._ordered[namespace] = Policies(self._with(namespace))
        return ordered

    def _with(self, namespace: str) -> list[PolicyView]:
        policy = self._policy
        there = [
            one
            for one in self._under.policies(namespace)
            if (one.kind, one.namespace, one.name) != (policy.kind, policy.namespace, policy.name)
        ]
        if policy.namespace in ("", namespace):
            there.append(policy)
        if self.claimed(namespace):
            there = [one for one in there if one.namespace]
        # The namespace's own first, each by name, as every snapshot has them.
        return sorted(there, key=lambda one: (not one.namespace, one.name))

    def claimed(self, namespace: str) -> bool:
        return claimed(self.namespace_labels(namespace))

    def queues(self, namespace: str) -> Mapping[str, QueueView]:
        return self._under.queues(namespace)

    def pools(self, namespace: str) -> Mapping[str, PoolView]:
        return self._under.pools(namespace)

    def queues_at(self, place: str) -> Sequence[QueueView]:
        return self._under.queues_at(place)

    def pools_of_queue(self, namespace: str, queue: str) -> Collection[str]:
        return self._under.pools_of_queue(namespace, queue)

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        return self._under.namespace_labels(namespace)

    def age_seconds(self) -> float:
        return self._under.age_seconds()


class Violator(NamedTuple):
    """One stored object that the policy would be broken by."""

    kind: str
    namespace: str
    name: str
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class Preview:
    """`checked` counts the objects of each kind that were looked at, and `concerned` those of them that the policy is
    about; `violators` are in the order they were found. Whoever looks says which kinds are `finished`.
    """

    policy: PolicyView
    world: Overlaid
    now: datetime
    checked: dict[str, int] = field(default_factory=dict)
    concerned: int = 0
    violators: list[Violator] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, kind: str, policy: Object, snapshot: Snapshot, now: datetime) -> Preview:
        view = policy_view(kind, policy)
        return cls(view, Overlaid(snapshot, view), now)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are worth looking at."""
        return tuple(sorted(compiled(self.policy).kinds))

    def look(self, kind: str, obj: Object) -> None:
        """Judge one stored object by this policy alone; what another one fills in counts."""
        metadata = mapping(obj, "metadata")
        if metadata.get("deletionTimestamp") is not None or self._is_out_of_reach(text(metadata, "namespace")):
            return
        self.checked[kind] = self.checked.get(kind, 0) + 1
        ref = PolicyRef(self.policy.kind, self.policy.name)
        judged = stored(kind, obj, self.world, self.now)
        self.concerned += ref in judged.policies
        if found := judged.of(ref):
            self.violators.append(Violator(kind, text(metadata, "namespace"), text(metadata, "name"), found))

    def sentences(self, totals: Mapping[str, int]) -> tuple[str, ...]:
        """One line of at most 120 characters for each kind with violators, and for each that is not finished: silence
        would be taken for good news. `totals` are the objects there are of each kind.
        """
        told = (self._sentence(kind, totals.get(kind, 0)) for kind in self.kinds)
        return tuple(sentence for sentence in told if sentence)

    def _is_out_of_reach(self, namespace: str) -> bool:
        """Whether this is a ClusterPolicy, and the namespace has an install of its own."""
        return not self.policy.namespace and self.world.claimed(namespace)

    def _sentence(self, kind: str, known: int) -> str:
        checked = self.checked.get(kind, 0)
        total = checked if kind in self.finished else max(known, checked)
        found = [violator for violator in self.violators if violator.kind == kind]
        if found:
            return self._naming(kind, found, checked, total)
        if kind in self.finished or not total:
            return ""
        if not checked:
            return f"none of {total} {kind}s was looked at in time; headgate policy preview looks at all of them"
        head = f"none of the {checked} checked of {total} {kind}s would violate this policy"
        return f"{head}; not all were looked at"

    def _naming(self, kind: str, found: Sequence[Violator], checked: int, total: int) -> str:
        """How many there are, and as many of their names as the line has room for."""
        names = [one.name if self.policy.namespace else f"{one.namespace}/{one.name}" for one in found]
        head = f"{len(found)} of {total} {kind}s would violate this policy"
        for named in range(NAMED, 0, -1):
            line = f"{head}: {_listed(names, named)} (checked {checked})"
            if len(line) <= MAX_WARNING:
                return line
        return f"{head} (checked {checked})"


def _listed(names: list[str], named: int) -> str:
    """`a, b and 5 more`"""
    shown, rest = names[:named], len(names) - named
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
