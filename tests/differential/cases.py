"""Chance in the shape of policies and of what people write under them: half of it is fine, and most of the rest nearly.

Everything comes from one `random.Random`, so a seed tells a whole run. Values lie around the limits, because that is
where implementations differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from crds import meta
from tests.policies import objects

Object = dict[str, Any]
T = TypeVar("T")

SMALL = (0, 1, 2, 3, 5, 8, 10, 20, 40)
TIMES = ("0s", "500ms", "30s", "60s", "1m", "90s", "1m30s", "10m", "1h", "2h30m", "30h")
RATES = (
    {"jobs": 10, "per": "1s"},
    {"jobs": 600, "per": "1m"},
    {"jobs": 601, "per": "1m"},
    {"jobs": 1, "per": "100ms"},
    {"jobs": 2_000_000_000, "per": "99999h"},
)
TEAMS = ("media", "shop", "")
NAMES = ("thumbnails", "resize", "resize-large", "legacy.import", "orders")
PAST, FUTURE = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
RULES = (
    "maxReplicasPerPool",
    "maxConcurrency",
    "maxInFlight",
    "maxPriority",
    "minDrainTimeout",
    "maxDrainTimeout",
    "maxRetries",
    "maxBackoff",
    "maxRetention",
    "maxRate",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One write: `old` is None for a creation; `replicas` is what a scale of `old` asks for."""

    new: Object
    old: Object | None = None
    replicas: int | None = None


class Chance:
    """What is made of chance. Policies first, then cases under them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._made = 0

    def policy(self, name: str) -> Object:
        return objects.policy(name, **self._policy_spec())

    def cluster_policy(self, name: str, selector: Object) -> Object:
        spec = self._policy_spec()
        match = {**spec.pop("match", {}), "namespaceSelector": selector}
        return objects.cluster_policy(name, **spec, match=match)

    def stored(self, name: str) -> Object:
        """An object that is there before the policies are: whatever they say, it may stay as it is."""
        obj = self.pool(name) if self._sometimes(0.6) else self.queue(name)
        if obj["kind"] == meta.WORKER_POOL.kind:
            obj["spec"]["hold"] = {"replicas": self._one(SMALL)}
        return obj

    def case(self, stored: Sequence[Object]) -> Case:
        self._made += 1
        if self._sometimes(0.5):
            name = f"{self._one(NAMES)}-{self._made}"
            return Case(self.pool(name) if self._sometimes(0.6) else self.queue(name))
        old = self._one(stored)
        name = old["metadata"]["name"]
        if old["kind"] == meta.QUEUE.kind:
            return Case(self._edited(old, self.queue(name)), old)
        if self._sometimes(0.4):
            return Case(old, old, self._one(SMALL))
        return Case(self._edited(old, self.pool(name)), old)

    def pool(self, name: str) -> Object:
        most = max(1, self._one(SMALL))
        scaling: Object = {"maxReplicas": most}
        self._maybe(scaling, "minReplicas", lambda: min(most, self._one(SMALL)))
        self._maybe(scaling, "fallback", lambda: {"replicas": min(most, self._one(SMALL))})
        self._maybe(scaling, "schedules", lambda: [self._schedule(index, most) for index in range(2)], 0.4)
        spec: Object = {"scaling": scaling}
        self._maybe(spec, "concurrency", lambda: max(1, self._one(SMALL)))
        self._maybe(spec, "maxInFlight", lambda: max(spec.get("concurrency", 1), self._one(SMALL)), 0.3)
        self._maybe(spec, "priority", lambda: self._one((-10, 0, 5, 10)))
        self._maybe(spec, "drain", lambda: {"timeout": self._one(TIMES[2:])})
        self._maybe(spec, "hold", lambda: {"replicas": self._one(SMALL)}, 0.3)
        self._maybe(spec, "image", lambda: "docker.io/acme/resize:1", 0.1)
        obj = objects.pool(name, **spec, metadata={"labels": self._labels()})
        return self._broken(obj) if self._sometimes(0.1) else obj

    def queue(self, name: str) -> Object:
        spec: Object = {}
        self._maybe(spec, "rateLimit", lambda: self._one(RATES), 0.7)
        self._maybe(spec, "retry", self._retry)
        self._maybe(spec, "retention", self._retention)
        return objects.queue(name, **spec, metadata={"labels": self._labels()})

    def _policy_spec(self) -> Object:
        spec: Object = {"action": self._one(("Deny", "Deny", "Deny", "Warn", "Audit")), "limits": self._limits()}
        self._maybe(spec, "match", self._match, 0.4)
        self._maybe(spec, "exemptions", lambda: [self._exemption(index) for index in range(2)], 0.4)
        self._maybe(spec, "native", lambda: "Disabled", 0.1)
        self._maybe(spec, "requiredLabels", lambda: [{"key": "team"}], 0.2)
        self._maybe(spec, "allowedImages", lambda: ["registry.acme.io/"], 0.1)
        self._maybe(spec, "allowedBrokers", lambda: ["*.media.svc"], 0.1)
        self._maybe(spec, "reservedNames", lambda: ["resize*"], 0.1)
        self._maybe(spec, "rules", self._rules, 0.4)
        self._maybe(spec, "defaults", self._defaults, 0.3)
        if "defaults" in spec:
            self._maybe(spec, "defaulting", lambda: "Persist", 0.3)
        return spec

    def _limits(self) -> Object:
        limits: Object = {}
        for name in ("maxReplicasPerPool", "maxConcurrency", "maxInFlight", "maxRetries"):
            self._maybe(limits, name, lambda: self._one(SMALL[2:]))
        self._maybe(limits, "maxPriority", lambda: self._one((-20, 0, 5)))
        self._maybe(limits, "maxRate", lambda: self._one(RATES), 0.4)
        for name in ("maxBackoff", "maxRetention"):
            self._maybe(limits, name, lambda: self._one(TIMES))
        shortest, longest = sorted(self.random.choices(range(len(TIMES)), k=2))
        self._maybe(limits, "minDrainTimeout", lambda: TIMES[shortest])
        self._maybe(limits, "maxDrainTimeout", lambda: TIMES[longest])
        return limits

    def _match(self) -> Object:
        match: Object = {"kinds": [self._one(("Queue", "WorkerPool"))]} if self._sometimes(0.5) else {"names": ["*-*"]}
        self._maybe(match, "names", lambda: [self._one(("resize*", "*-?", "thumb*", "[r]esize*", "legacy.*"))])
        self._maybe(match, "labelSelector", self._selector)
        return match

    def _selector(self) -> Object:
        match self.random.randrange(5):
            case 0:
                return {"matchLabels": {"team": "media"}}
            case 1:
                return {"matchExpressions": [{"key": "team", "operator": "In", "values": ["media", "shop"]}]}
            case 2:
                return {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["media"]}]}
            case 3:
                return {"matchExpressions": [{"key": "team", "operator": "Exists"}]}
            case _:
                return {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}

    def _rules(self) -> list[Object]:
        rules = [self._rule(name) for name in self.random.sample(sorted(EXPRESSIONS), 2)]
        for rule in rules:
            self._maybe(rule, "action", lambda: self._one(("Deny", "Warn", "Audit")), 0.3)
            self._maybe(rule, "operations", lambda: [self._one(("CREATE", "UPDATE"))], 0.2)
        return rules

    def _rule(self, name: str) -> Object:
        kinds, expression = EXPRESSIONS[name]
        rule: Object = {"name": name, "kinds": list(kinds), "expression": expression}
        self._maybe(rule, "fieldPath", lambda: self._one(("spec.scaling.maxReplicas", "metadata.labels[team]")), 0.3)
        said = (
            {"message": "house rule"} if self._sometimes(0.7) else {"messageExpression": "object.metadata.name + '!'"}
        )
        return rule | said

    def _exemption(self, index: int) -> Object:
        exemption: Object = {
            "name": f"exemption-{index}",
            "rules": ["*"] if self._sometimes(0.3) else self.random.sample(RULES, 3),
            "reason": "moves to the new cluster",
            "expirationTime": self._one((PAST, FUTURE)),
        }
        self._maybe(exemption, "match", self._match)
        self._maybe(exemption, "subjects", lambda: [self._one(SUBJECTS)], 0.4)
        return exemption

    def _defaults(self) -> Object:
        defaults: Object = {"labels": {"cost-centre": "4711"}}
        self._maybe(defaults, "drain", lambda: {"timeout": self._one(TIMES[2:])})
        self._maybe(defaults, "rateLimit", lambda: self._one(RATES))
        self._maybe(defaults, "retry", lambda: {"maxRetries": self._one(SMALL)})
        return defaults

    def _retry(self) -> Object:
        retry: Object = {}
        self._maybe(retry, "maxRetries", lambda: self._one(SMALL))
        self._maybe(retry, "backoff", lambda: {"initial": "100ms", "max": self._one(TIMES[1:])})
        return retry

    def _retention(self) -> Object:
        return {key: self._one(TIMES) for key in ("completed", "failed") if self._sometimes(0.6)}

    def _schedule(self, index: int, most: int) -> Object:
        least = min(most, self._one(SMALL))
        return {"name": f"night-{index}", "schedule": "0 22 * * *", "duration": "8h", "minReplicas": least}

    def _labels(self) -> dict[str, str]:
        team = self._one(TEAMS)
        return {"team": team} if team or self._sometimes(0.3) else {}

    def _edited(self, old: Object, other: Object) -> Object:
        """The old object with some parts of its spec as in the other: most of what was wrong stays."""
        spec = dict(old["spec"])
        for key in self.random.sample(sorted(other["spec"]), min(2, len(other["spec"]))):
            spec[key] = other["spec"][key]
        if schedules := spec.get("scaling", {}).get("schedules"):
            spec["scaling"] = {**spec["scaling"], "schedules": self._shifted(schedules)}
        labels = other["metadata"]["labels"] if self._sometimes(0.3) else old["metadata"]["labels"]
        return {**old, "metadata": {**old["metadata"], "labels": labels}, "spec": spec}

    def _shifted(self, schedules: list[Object]) -> list[Object]:
        """The same at other places: behind a new one, or the other way round."""
        match self.random.randrange(3):
            case 0:
                return [self._schedule(len(schedules), 0), *schedules]
            case 1:
                return schedules[::-1]
            case _:
                return schedules

    def _broken(self, obj: Object) -> Object:
        """Wrong by the schema, so that the lists of findings are told together."""
        match self.random.randrange(4):
            case 0:
                obj["spec"]["scaling"]["minReplicas"] = obj["spec"]["scaling"]["maxReplicas"] + 1
            case 1:
                obj["spec"]["scaling"]["maxReplicas"] = 1001
            case 2:
                obj["spec"]["env"] = [{"name": "HEADGATE_QUEUES", "value": "all"}]
            case _:
                del obj["spec"]["image"]
        return obj

    def _maybe(self, into: Object, key: str, make: Callable[[], Any], chance: float = 0.5) -> None:
        if self._sometimes(chance):
            into[key] = make()

    def _sometimes(self, chance: float) -> bool:
        return self.random.random() < chance

    def _one(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)


EXPRESSIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "field": (("WorkerPool",), "object.spec.scaling.maxReplicas <= 8"),
    "unset": (("WorkerPool",), "object.spec.priority < 5"),
    "optional": (("WorkerPool",), "object.spec.?maxInFlight.orValue(1) <= 4 * object.spec.?concurrency.orValue(1)"),
    "hold": (("WorkerPool",), "object.spec.?hold.replicas.orValue(0) <= 5"),
    "ratio": (
        ("WorkerPool",),
        "!has(object.spec.hold) || object.spec.hold.replicas <= object.spec.scaling.maxReplicas",
    ),
    "scaling": (("WorkerPool",), "request.subResource != 'scale' || object.spec.hold.replicas != 3"),
    "growth": (("WorkerPool",), "request.operation == 'CREATE' || object.spec.hold == oldObject.spec.hold"),
    "effective": (("WorkerPool",), "duration(effective.drain.timeout) <= duration('1h')"),
    "default": (("Queue",), "object.spec.paused == false && object.spec.deletionPolicy == 'Retain'"),
    "inherited": (("Queue",), "has(effective.rateLimit) && effective.retry.maxRetries <= 8"),
    "labels": (("Queue", "WorkerPool"), "object.metadata.?labels[?'team'].orValue('media') == 'media'"),
    "namespace": (("Queue", "WorkerPool"), "namespaceObject.metadata.labels.size() > 0 && object.metadata.name != 'a'"),
    "person": (("Queue", "WorkerPool"), "request.userInfo.groups.exists(g, g == 'system:masters')"),
    "queues": (("WorkerPool",), "queues.all(q, q.broker != 'kafka')"),
}
"""Rules in CEL by name, with the kinds they fit."""
SUBJECTS: tuple[Object, ...] = (
    {"kind": "Group", "name": "system:masters"},
    {"kind": "Group", "name": "nobody"},
    {"kind": "User", "name": "ada"},
    {"kind": "ServiceAccount", "name": "ci", "namespace": "media"},
)
"""The first is what the tests' user is in."""
