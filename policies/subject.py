"""The object under judgement, as rules ask about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import crds
from crds import meta
from policies import break_glass, effective
from policies.break_glass import Glass
from policies.brokers import Address, Places, addresses, places
from policies.effective import Part
from policies.facts import Facts, Object, Operation
from policies.fields import integer, items, listing, mapping, text
from policies.lazy import lazy
from policies.merging import Effective
from policies.rates import Rate
from policies.snapshot import Policies, QueueView, Snapshot


class Subject:
    """One object with the facts around it. `policies` are the ones that apply to it, strongest first.

    `obj` is what would be stored: the new object with the engine's own defaults in it. When old findings are looked
    for, `obj` is the old object and `previous` is None. `kept` is room for what several rules work out together.
    """

    def __init__(self, facts: Facts, obj: Object, previous: Object | None, policies: Policies) -> None:
        self.facts = facts
        self.obj = obj
        self.previous = previous
        self.policies = policies
        self.kind = facts.kind
        self.spec: Mapping[str, Any] = mapping(obj, "spec")
        metadata = mapping(obj, "metadata")
        self.name = text(metadata, "name")
        self.namespace = text(metadata, "namespace")
        self.labels: Mapping[str, str] = mapping(metadata, "labels")
        self.kept: dict[type[Any], Any] = {}

    @property
    def snapshot(self) -> Snapshot:
        return self.facts.snapshot

    @lazy
    def is_fine(self) -> bool:
        """Whether the object is beyond doubt: nothing in it breaks its schema, or would be stored in another form."""
        return crds.fine(self.kind, self.obj, self.previous)

    @property
    def is_stored(self) -> bool:
        """Whether it is the object as it was before an update, judged for what was wrong with it already."""
        return self.previous is None and self.facts.operation is Operation.UPDATE

    @property
    def is_leaving(self) -> bool:
        return self.facts.operation is Operation.DELETE

    @lazy
    def glass(self) -> Glass | None:
        """The break-glass in force on the object."""
        glass = break_glass.read(self.obj)
        return glass if glass is not None and glass.in_force(self.facts.now) else None

    @lazy
    def place(self) -> str:
        """Where a Queue's jobs are (`policies.brokers.place`)."""
        return self.places.of(text(self.spec, "queueName") or self.name)

    @lazy
    def places(self) -> Places:
        """Where all the queues of its broker are."""
        return places(self.namespace, mapping(self.spec, "broker"), self.addresses)

    @lazy
    def addresses(self) -> tuple[Address, ...]:
        """What a Queue's broker is connected to."""
        return tuple(addresses(mapping(self.spec, "broker")))

    @lazy
    def effective(self) -> Effective:
        """The effective values of a Queue or a WorkerPool."""
        return self._merged(effective.QUEUE if self.kind == meta.QUEUE.kind else effective.POOL)

    def effective_in(self, part: Part) -> Effective:
        """The same where only some groups are asked for: of those in the part, and of all where that is known."""
        known: Effective | None = self.__dict__.get("effective")
        return self._merged(part) if known is None else known

    def _merged(self, part: Part) -> Effective:
        if self.kind == meta.QUEUE.kind:
            return effective.queue(self.spec, self.policies, part)
        return effective.pool(self.spec, [queue.spec for queue in self.queues], self.policies, part)

    @lazy
    def queues(self) -> tuple[QueueView, ...]:
        """The queues a WorkerPool names, in its order, as far as they are known."""
        known = self.snapshot.queues(self.namespace)
        names = [text(item, "name") for item in listing(self.spec, "queues")]
        return tuple([known[name] for name in names if name in known])

    @lazy
    def replicas(self) -> tuple[tuple[str, int], ...]:
        """Every field of a WorkerPool that asks for replicas, with what it asks for."""
        scaling = mapping(self.spec, "scaling")
        asked = [
            ("spec.scaling.maxReplicas", scaling.get("maxReplicas")),
            ("spec.scaling.minReplicas", scaling.get("minReplicas")),
        ]
        if "fallback" in scaling:
            asked.append(("spec.scaling.fallback.replicas", integer(scaling, "fallback", "replicas")))
        if "hold" in self.spec:
            asked.append(("spec.hold.replicas", integer(self.spec, "hold", "replicas")))
        if "schedules" in scaling:
            for path, schedule in items(scaling, "schedules"):
                asked.append((f"spec.scaling.{path}.minReplicas", integer(schedule, "minReplicas")))
        return tuple([(field, value) for field, value in asked if type(value) is int])

    @lazy
    def rate(self) -> WantedRate | None:
        """The rate limit that would hold for a Queue, its own or an inherited one; None where there is none."""
        own = mapping(self.spec, "rateLimit")
        jobs, per, origin = integer(own, "jobs"), text(own, "per"), "spec"
        if jobs is None or not per:
            found = self.effective.get("rateLimit")
            if found is None:
                return None
            jobs, per, origin = integer(found, "jobs"), text(found, "per"), self.effective.origin("rateLimit.jobs")
        return WantedRate(None if jobs is None else Rate.of(jobs, per), origin)


class WantedRate(NamedTuple):
    """A rate and who set it; the rate is None where it cannot be read."""

    rate: Rate | None
    origin: str
