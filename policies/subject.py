"""The object under judgement, as rules ask about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crds import meta
from policies import effective
from policies.facts import Facts, Object
from policies.fields import labels, mapping, text
from policies.merging import Effective
from policies.snapshot import PolicyView, Snapshot


class Subject:
    """One object with the facts around it. `policies` are the ones that apply to it, strongest first.

    `obj` is what would be stored: the new object with the engine's own defaults in it. When old findings are looked
    for, `obj` is the old object and `previous` is None.
    """

    __slots__ = ("_effective", "facts", "labels", "name", "namespace", "obj", "policies", "previous", "spec")

    def __init__(self, facts: Facts, obj: Object, previous: Object | None, policies: Sequence[PolicyView]) -> None:
        self.facts = facts
        self.obj = obj
        self.previous = previous
        self.policies = policies
        self.spec: Mapping[str, Any] = mapping(obj, "spec")
        self.labels: Mapping[str, str] = labels(obj)
        self.name = text(obj, "metadata", "name")
        self.namespace = text(obj, "metadata", "namespace")
        self._effective: Effective | None = None

    @property
    def kind(self) -> str:
        return self.facts.kind

    @property
    def snapshot(self) -> Snapshot:
        return self.facts.snapshot

    @property
    def effective(self) -> Effective:
        """The effective values of a Queue or a WorkerPool, worked out when first asked for."""
        if self._effective is None:
            self._effective = self._resolve()
        return self._effective

    def _resolve(self) -> Effective:
        if self.kind == meta.QUEUE.kind:
            return effective.queue(self.spec, self.policies)
        known = self.snapshot.queues(self.namespace)
        names = (text(item, "name") for item in self.spec.get("queues") or () if isinstance(item, dict))
        queues = [known[name].spec for name in names if name in known]
        return effective.pool(self.spec, queues, self.policies)
