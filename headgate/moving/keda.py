"""From KEDA: a ScaledObject or ScaledJob becomes a Queue for each trigger and one WorkerPool.

The Deployment that is scaled, and the TriggerAuthentications, are looked for among the given manifests; what is not
there is said. Only what KEDA scales is moved, so a trigger whose backlog Headgate does not read stays behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import duration, meta
from headgate.moving.keda_pods import Workload, of_job, of_target
from headgate.moving.keda_triggers import Trigger, Unreadable, read
from headgate.moving.moved import Moved, Object, ours, written_by_people

GROUP: Final = "keda.sh"
KINDS: Final = ("ScaledObject", "ScaledJob")
MAX_REPLICAS: Final = 100
MIN_REPLICAS: Final = 0
POLLING_SECONDS: Final = 30
_PAUSED_AT: Final = "autoscaling.keda.sh/paused-replicas"
_PAUSED: Final = "autoscaling.keda.sh/paused"


@dataclass(frozen=True, slots=True)
class World:
    """The other manifests, by kind, namespace and name."""

    objects: Mapping[tuple[str, str, str], Object]

    @classmethod
    def of(cls, objects: Iterable[Object]) -> World:
        found = {}
        for obj in objects:
            metadata = _mapping(obj.get("metadata"))
            found[obj["kind"], str(metadata.get("namespace", "")), str(metadata.get("name", ""))] = obj
        return cls(found)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self.objects.get((kind, namespace, name))


def is_keda(obj: Mapping[str, Any]) -> bool:
    return str(obj.get("apiVersion", "")).startswith(f"{GROUP}/") and obj.get("kind") in KINDS


def moved(obj: Object, world: World) -> Iterator[Moved]:
    """A Queue for every trigger that can be moved, then the WorkerPool."""
    metadata, spec = written_by_people(obj.get("metadata")), _mapping(obj.get("spec"))
    name, namespace = str(metadata.get("name", "")), str(metadata.get("namespace", ""))
    workload = of_job(spec) if obj["kind"] == "ScaledJob" else of_target(spec, world, namespace)
    triggers, notes = _triggers(spec, workload, world, namespace)
    place = {"namespace": namespace} if namespace else {}
    names = _names(name, triggers)
    for trigger, queue in zip(triggers, names, strict=True):
        yield Moved(ours(meta.QUEUE.kind, {"name": queue, **place}, trigger.queue(queue)), trigger.notes)
    pool: Object = {
        "queues": [{"name": queue} for queue in names],
        **workload.fields,
        "scaling": _scaling(spec, triggers),
    }
    if hold := _hold(metadata):
        pool["hold"] = hold
    kept = {**metadata, **place, "name": _label(name)}
    kept.pop("annotations", None)
    told = (*workload.notes, *notes, *_left_behind(spec, metadata, triggers))
    yield Moved(ours(meta.WORKER_POOL.kind, kept, pool), told)


def _triggers(spec: Object, workload: Workload, world: World, namespace: str) -> tuple[list[Trigger], list[str]]:
    found: list[Trigger] = []
    notes = []
    for trigger in spec.get("triggers") or ():
        try:
            found.append(read(_mapping(trigger), workload.environment, world, namespace))
        except Unreadable as error:
            notes.append(str(error))
    return found, notes


def _names(name: str, triggers: list[Trigger]) -> list[str]:
    """Names for the queues: what the broker calls them where that can be a name, else the object's with a number."""
    names: list[str] = []
    for number, trigger in enumerate(triggers, start=1):
        wanted = _label(trigger.queue_name) or f"{_label(name)}-{number}"
        names.append(wanted if wanted not in names else f"{wanted}-{number}"[-63:].strip("-"))
    return names


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:52].strip("-")


def _scaling(spec: Object, triggers: list[Trigger]) -> Object:
    low, high = spec.get("minReplicaCount", MIN_REPLICAS), spec.get("maxReplicaCount", MAX_REPLICAS)
    scaling: Object = {"minReplicas": low, "maxReplicas": high}
    targets = [trigger.target for trigger in triggers if trigger.target]
    if targets:
        scaling["jobsPerReplica"] = min(targets)
    fallback, advanced = _mapping(spec.get("fallback")), _mapping(spec.get("advanced"))
    if "replicas" in fallback:
        failures = fallback.get("failureThreshold", 3)
        after = duration.text(float(failures) * float(spec.get("pollingInterval", POLLING_SECONDS)))
        scaling["fallback"] = {"after": after, "replicas": fallback["replicas"]}
    behavior = _mapping(_mapping(advanced.get("horizontalPodAutoscalerConfig")).get("behavior"))
    if behavior:
        scaling["behavior"] = behavior
    return scaling


def _hold(metadata: Object) -> Object | None:
    replicas = str(_mapping(metadata.get("annotations")).get(_PAUSED_AT, ""))
    return {"replicas": int(replicas), "reason": f"was {_PAUSED_AT}"} if replicas.isdecimal() else None


def _left_behind(spec: Object, metadata: Object, triggers: list[Trigger]) -> Iterator[str]:
    targets = {trigger.target for trigger in triggers if trigger.target}
    if targets:
        yield "KEDA's target counts waiting jobs; jobsPerReplica counts the running ones, too"
    if len(triggers) > 1:
        yield "KEDA follows the trigger that asks for most; Headgate adds up what the queues need"
    if len(targets) > 1:
        yield f"the triggers had targets of {', '.join(map(str, sorted(targets)))}; the smallest is taken for all"
    if "idleReplicaCount" in spec:
        yield "idleReplicaCount does not come along: minReplicas 0 lets an idle pool disappear"
    for field in ("cooldownPeriod", "initialCooldownPeriod"):
        if field in spec:
            yield f"{field} does not come along: pools shrink damped, see scaling.behavior"
    if "pollingInterval" in spec:
        yield "pollingInterval does not come along: brokers are read every second or two"
    if "scalingModifiers" in _mapping(spec.get("advanced")):
        yield "advanced.scalingModifiers does not come along: there are no formulas"
    if str(_mapping(metadata.get("annotations")).get(_PAUSED, "")).lower() == "true":
        yield f"{_PAUSED} does not come along: set spec.hold to the replicas there are"


def _mapping(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
