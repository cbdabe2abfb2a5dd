"""The pods that KEDA scales, as the template of a WorkerPool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from headgate.moving.moved import Object

if TYPE_CHECKING:
    from headgate.moving.keda import World

WORKER: Final = "worker"
_OF_JOBS: Final = ("restartPolicy", "activeDeadlineSeconds")


@dataclass(frozen=True, slots=True)
class Workload:
    """`fields` are for the pool's spec; `environment` is what `...FromEnv` of a trigger refers to."""

    fields: Object
    environment: Mapping[str, Object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def of_target(spec: Object, world: World, namespace: str) -> Workload:
    """What a ScaledObject scales."""
    target = _mapping(spec.get("scaleTargetRef"))
    kind, name = str(target.get("kind", "Deployment")), str(target.get("name", ""))
    found = world.get(kind, namespace, name) or world.get(kind, "", name)
    if found is None:
        note = f"spec.image is for you to fill in: {kind} {name} is not among the manifests; give it with -f, too"
        return Workload({"takeOver": {"deploymentName": name}} if kind == "Deployment" else {}, notes=(note,))
    template = _mapping(_mapping(found.get("spec")).get("template"))
    made = _from_template(template, str(target.get("envSourceContainerName", "")))
    if kind == "StatefulSet":
        claims = _mapping(found.get("spec")).get("volumeClaimTemplates")
        workload: Object = {"type": "StatefulSet"} | ({"volumeClaimTemplates": claims} if claims else {})
        note = f"StatefulSet {name} is not taken over: stop it when the pool is there"
        return Workload({"workload": workload, **made.fields}, made.environment, (*made.notes, note))
    if kind != "Deployment":
        return Workload(made.fields, made.environment, (*made.notes, f"{kind} {name} is not taken over"))
    taken = {**made.fields, "takeOver": {"deploymentName": name}}
    return Workload(taken, made.environment, (*made.notes, f"Deployment {name} is drained as an old revision"))


def of_job(spec: Object) -> Workload:
    """The jobs a ScaledJob starts, as workers that stay."""
    target = _mapping(spec.get("jobTargetRef"))
    template = _mapping(target.get("template"))
    pod = {key: value for key, value in _mapping(template.get("spec")).items() if key not in _OF_JOBS}
    made = _from_template({**template, "spec": pod}, str(spec.get("envSourceContainerName", "")))
    notes = ["a ScaledJob's pod ends with its job; a pool's worker must take the next one"]
    notes += [
        f"jobTargetRef.{name} does not come along: jobs are retried by the queue, see spec.retry"
        for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds")
        if name in target
    ]
    if "scalingStrategy" in spec:
        notes.append("scalingStrategy does not come along")
    return Workload({"concurrency": 1, **made.fields}, made.environment, (*notes, *made.notes))


def _from_template(template: Object, chosen: str) -> Workload:
    spec = _mapping(template.get("spec"))
    containers = [one for one in spec.get("containers") or () if isinstance(one, dict)]
    if not containers:
        return Workload({}, notes=("spec.image is for you to fill in: there is no container",))
    worker = next((one for one in containers if one.get("name") == chosen), containers[0])
    renamed = [{**one, "name": WORKER} if one is worker else one for one in containers]
    metadata = {key: value for key, value in _mapping(template.get("metadata")).items() if key in _METADATA and value}
    made = {"template": ({"metadata": metadata} if metadata else {}) | {"spec": {**spec, "containers": renamed}}}
    variables = [one for one in worker.get("env") or () if isinstance(one, dict)]
    environment = {str(one.get("name")): one for one in variables}
    notes = () if worker.get("name") == WORKER else (f"container {worker.get('name')} is now called {WORKER}",)
    return Workload(made, environment, notes)


_METADATA: Final = ("labels", "annotations")


def _mapping(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
