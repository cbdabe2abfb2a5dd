"""What of a WorkerPool stands where."""

from __future__ import annotations

from typing import Any, Final

from crds.conversion import numbers, trees
from crds.conversion.lens import Group, Lens, Values, group, same
from crds.conversion.pods import PodTemplate
from crds.conversion.trees import NOTHING, Tree


class FirstQueue:
    """v1beta1 names one queue, the first of v1's; its weight and the other queues stay in v1."""

    name: Final = "queues"
    _words: Final = (("name", ("queueSelector", "queue")), ("priorities", ("queueSelector", "priorities")))

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        queues = hub.get("queues")
        if type(queues) is not list or not queues or type(queues[0]) is not dict:
            return NOTHING
        taken = False
        for field, where in self._words:
            if field in queues[0]:
                trees.put(beta, where, queues[0].pop(field))
                taken = True
        if taken and queues == [{}]:
            del hub["queues"]
        return NOTHING

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        said = {field: value for field, where in self._words if (value := trees.take(beta, where)) is not NOTHING}
        if not said:
            return NOTHING
        queues = hub.get("queues")
        if type(queues) is list and queues and type(queues[0]) is dict:
            queues[0] |= said
        else:
            hub["queues"] = [said]
        return NOTHING


def bounds_to_beta(hub: Values) -> Values:
    return dict(hub)


def bounds_to_hub(beta: Values) -> Values:
    """{replicas} without bounds is a pool of fixed size, of one where nothing is said; v1 has no maximum of 0."""
    if "max" in beta:
        return {name: beta[name] for name in ("min", "max") if name in beta}
    replicas = beta.get("replicas", 1)
    if type(replicas) is not int:
        return {}
    return {"min": beta.get("min", replicas), "max": max(replicas, 1)}


class Bounds:
    """The number of replicas v1beta1 gives beside its bounds says nothing: it stays as it is, whatever they become."""

    name: Final = "scaling"
    _hub: Final = {"min": "scaling.minReplicas", "max": "scaling.maxReplicas"}
    _beta: Final = {"min": "autoScaling.minReplicas", "max": "autoScaling.maxReplicas"}
    _bounded: Final[Group] = group(name, _hub, _beta, bounds_to_beta, bounds_to_hub)
    _fixed: Final[Group] = group(name, _hub, {"replicas": "replicas", **_beta}, bounds_to_beta, bounds_to_hub)

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        return self._fixed.down(hub, beta, saved, original)

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        bounded = trees.get(beta, ("autoScaling", "maxReplicas")) is not NOTHING
        return (self._bounded if bounded else self._fixed).up(beta, hub, saved, original)


_POD: Final = "template.spec"

LENSES: Final[tuple[Lens, ...]] = (
    FirstQueue(),
    PodTemplate(),
    same("concurrency", f"{_POD}.concurrency"),
    same("maxInFlight", f"{_POD}.maxInFlight"),
    Bounds(),
    same("scaling.jobsPerReplica", "autoScaling.targetBacklogPerWorker"),
    group(
        "scaling.wait",
        {"target": "scaling.wait.target", "percentile": "scaling.wait.percentile"},
        {
            "milliseconds": "autoScaling.latencySLO.targetLatencyMs",
            "share": "autoScaling.latencySLO.targetPercentile",
        },
        numbers.wait_to_beta,
        numbers.wait_to_hub,
    ),
    same("rollout.maxSurge", "updateStrategy.rollingUpdate.maxSurge"),
    same("rollout.maxUnavailable", "updateStrategy.rollingUpdate.maxUnavailable"),
    same("drain.timeout", "drainPolicy.timeoutPeriod"),
)
