"""Fields that are in the API and have no effect yet. Setting one is allowed; webhook and status say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

NOT_YET: Final[Mapping[str, Mapping[str, str]]] = {
    "Queue": {
        "spec.broker.rabbitmq": "RabbitMQ is not observed yet",
        "spec.broker.kafka": "Kafka is not observed yet",
        "spec.broker.prometheus": "Prometheus is not observed yet",
        "spec.broker.redis.layout": "only the layouts List and Stream are observed yet",
        "spec.broker.redis.sentinel": "sentinels are not asked yet",
        "spec.broker.redis.cluster": "Redis Cluster is not supported yet",
        "spec.management": "nothing is written to brokers yet",
        "spec.circuitBreaker": "breakers never open yet",
        "spec.retention": "nothing is removed yet",
        "spec.deadLetter.deletionPolicy": "dead letters always stay yet",
        "spec.deletionPolicy": "jobs always stay at the broker yet",
        "spec.drainTimeout": "deletion does not drain yet",
    },
    "WorkerPool": {
        "spec.workload.type": "everything runs as a Deployment yet",
        "spec.workload.volumeClaimTemplates": "everything runs as a Deployment yet",
        "spec.queues[].weight": "queues are worked off in the order of the list yet",
        "spec.queues[].waitTarget": "replicas do not follow from wait targets yet",
        "spec.scaling.wait": "replicas do not follow from wait targets yet",
        "spec.scaling.catchUpTime": "replicas do not follow from wait targets yet",
        "spec.scaling.startupTime": "replicas do not follow from wait targets yet",
        "spec.scaling.behavior": "the built-in behavior is always used yet",
        "spec.scaling.fallback": "replicas are held while the broker is unreadable",
        "spec.scaling.schedules": "schedules are not followed yet",
        "spec.rollout.onLatencyBreach": "rollouts always continue yet",
        "spec.rollout.onFailure": "failed rollouts always pause yet",
        "spec.priority": "there are no budgets yet",
        "spec.takeOver": "Deployments are not adopted yet",
    },
    "Policy": {
        "spec.limits.maxPoolsPerQueue": "not judged yet",
        "spec.limits.maxConcurrency": "not judged yet",
        "spec.limits.maxInFlight": "not judged yet",
        "spec.limits.maxRetries": "not judged yet",
        "spec.limits.maxBackoff": "not judged yet",
        "spec.limits.maxRetention": "not judged yet",
        "spec.limits.minDrainTimeout": "not judged yet",
        "spec.limits.maxDrainTimeout": "not judged yet",
        "spec.limits.maxPriority": "not judged yet",
        "spec.limits.maxResourcesPerReplica": "not judged yet",
        "spec.reservedNames": "only the built-in names are reserved yet",
        "spec.allowedBrokers": "not judged yet",
        "spec.drift": "drift is not watched yet",
        "spec.budget": "there are no budgets yet",
        "spec.exemptions": "nobody is exempt yet",
        "spec.rules": "rules in CEL are not asked yet",
        "spec.native": "no native policies are installed yet",
    },
}
# What a field may say without asking for anything that is not there yet.
HARMLESS: Final[Mapping[str, frozenset[str]]] = {
    "spec.management": frozenset({"Observe"}),
    "spec.deletionPolicy": frozenset({"Retain"}),
    "spec.broker.redis.layout": frozenset({"List", "Stream"}),
    "spec.deadLetter.deletionPolicy": frozenset({"Retain"}),
    "spec.workload.type": frozenset({"Deployment"}),
    "spec.rollout.onLatencyBreach": frozenset({"Continue"}),
    "spec.rollout.onFailure": frozenset({"Pause"}),
    "spec.native": frozenset({"Disabled"}),
}


def without_effect(kind: str, obj: Mapping[str, Any]) -> tuple[str, ...]:
    """The spec paths set in `obj` whose behaviour is not there yet; never raises for JSON input."""
    table = NOT_YET["Policy" if kind == "ClusterPolicy" else kind]
    return tuple(path for entry in table for path in _set(obj, entry))


def why(kind: str, path: str) -> str:
    """Why a path that `without_effect` named has none."""
    return NOT_YET["Policy" if kind == "ClusterPolicy" else kind][_entry(path)]


def _set(obj: Any, entry: str) -> Iterator[str]:
    for path, value in _find(obj, entry.split("."), ""):
        if not (isinstance(value, str) and value in HARMLESS.get(entry, ())):
            yield path


def _find(node: Any, steps: list[str], path: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path, node
        return
    name, many = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    item = node.get(name) if isinstance(node, Mapping) else None
    if item is None:
        return
    here = f"{path}.{name}" if path else name
    if not many:
        yield from _find(item, steps[1:], here)
    elif isinstance(item, list):
        for index, part in enumerate(item):
            yield from _find(part, steps[1:], f"{here}[{index}]")


def _entry(path: str) -> str:
    head, *tail = path.split("[")
    return head + "".join("[]" + part.partition("]")[2] for part in tail)
