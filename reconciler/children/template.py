"""The pod template of a pool's workers: what the user wrote, completed by what the worker contract promises.

The user's word wins wherever both may speak; the volumes, variables and labels of the contract are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from crds import meta
from policies.effective import Effective
from reconciler.children import agent, environment, volumes
from reconciler.children.names import VERSION, Owner
from reconciler.children.ways import Way, spoken_to

WORKER: Final = "worker"
LEAST_GRACE_SECONDS: Final = 30
MOST_GRACE_SECONDS: Final = 600
"""Cluster autoscalers and node upgrades cut longer grace periods off; the drain before the delete is what protects."""
UNREACHABLE_SECONDS: Final = 60
NOT_INHERITED: Final = ("app.kubernetes.io/instance", "argocd.argoproj.io/")
"""Labels by which GitOps tools claim objects; a claimed child would be pruned by them."""
LEFT_ALONE: Final = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
}
"""Autoscalers of nodes are told to look for another one: a worker is not asked by them, it is evicted."""
NO_PATH: Final = "/"
"""Where workers answer over HTTP unless `drain.adminAPI.path` says otherwise."""
OWN_FIELDS: Final = ("command", "args", "envFrom", "resources")


def pod_template(
    pool: Mapping[str, Any],
    queues: Sequence[Mapping[str, Any]],
    effective: Effective,
    way: Way = Way.CONTRACT,
    agent_image: str = "",
) -> dict[str, Any]:
    """The template without the labels that select its pods. `queues` are Queue objects, in the pool's order."""
    owner, spec = Owner.of(pool), pool["spec"]
    given = deepcopy(dict(spec.get("template") or {}))
    pod = dict(given.get("spec") or {})
    extra = volumes.pairs(owner, queues, marks=way is Way.BROKER)
    containers = list(pod.get("containers") or [])
    theirs: Mapping[str, Any] = next((container for container in containers if container["name"] == WORKER), {})
    worker = _worker(spec, theirs, effective)
    names = [queue["spec"].get("queueName") or queue["metadata"]["name"] for queue in queues]
    worker["env"] = [*environment.variables(owner, names, effective), *(worker.get("env") or [])]
    worker["volumeMounts"] = [*(worker.get("volumeMounts") or []), *(mount for _, mount in extra)]
    others = [container for container in containers if container["name"] != WORKER]
    grace = _grace_seconds(effective, way)
    pod |= {
        "containers": [worker, *others],
        "volumes": [*(pod.get("volumes") or []), *(volume for volume, _ in extra)],
        "tolerations": _tolerations(pod.get("tolerations") or []),
        "terminationGracePeriodSeconds": pod.get("terminationGracePeriodSeconds", grace),
    }
    if way is Way.BROKER:
        if "command" in worker and not (spoken_to(queues) or _wrapped(worker)):
            worker["command"] = [agent.WAIT, "--", *worker["command"]]
        _accompany(pod, worker, [mount for _, mount in extra], agent_image, wrapped=_wrapped(worker))
    if context := effective.get("podSecurityContext"):
        pod["securityContext"] = context
    metadata = _metadata(given.get("metadata") or {}, spec, worker["image"])
    if restarted := (pool["metadata"].get("annotations") or {}).get(meta.ANNOTATION_RESTARTED_AT):
        # Another template, and so another revision: nothing else is needed for workers to be replaced.
        metadata["annotations"][meta.ANNOTATION_RESTARTED_AT] = restarted
    if (path := str(effective.get("drain.adminAPI.path"))) != NO_PATH:
        metadata["annotations"][meta.ANNOTATION_ADMIN_PATH] = path
    return {"metadata": metadata, "spec": pod}


def _accompany(
    pod: dict[str, Any], worker: dict[str, Any], ours: Sequence[Mapping[str, Any]], image: str, *, wrapped: bool
) -> None:
    """Adds the agent, before all other init containers, so that it is there for the longest time."""
    pod["initContainers"] = [agent.container(image, worker, ours), *(pod.get("initContainers") or [])]
    pod["volumes"] = [*pod["volumes"], *agent.volumes()]
    worker["volumeMounts"] = [*worker["volumeMounts"], agent.mount()]
    if not wrapped:
        # `headgate-wait` has the worker finish on SIGTERM by itself.
        hook = agent.pre_stop(pod["terminationGracePeriodSeconds"])
        worker["lifecycle"] = {"preStop": hook, **(worker.get("lifecycle") or {})}


def _wrapped(worker: Mapping[str, Any]) -> bool:
    """Whether the worker begins with `headgate-wait`."""
    words = [*(worker.get("command") or []), *(worker.get("args") or [])]
    return any(word.rpartition("/")[2] == "headgate-wait" for word in words[:2])


def shows_its_end(template: Mapping[str, Any], queues: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an agent beside this worker can see it at rest, as far as the template tells: an image whose own
    ENTRYPOINT begins with `headgate-wait` shows it as well.
    """
    worker = next(one for one in template["spec"]["containers"] if one["name"] == WORKER)
    return spoken_to(queues) or _wrapped(worker)


def _grace_seconds(effective: Effective, way: Way) -> int:
    """The last net under a drain; all there is for workers that can only be told by SIGTERM."""
    most = environment.drain_seconds(effective)
    if way is not Way.WARM_STOP:
        most = min(MOST_GRACE_SECONDS, most)
    return max(LEAST_GRACE_SECONDS, most)


def _worker(spec: Mapping[str, Any], theirs: Mapping[str, Any], effective: Effective) -> dict[str, Any]:
    worker = {**theirs, "name": WORKER, "image": spec.get("image") or theirs.get("image", "")}
    worker |= {field: spec[field] for field in OWN_FIELDS if field in spec}
    if "env" in spec:
        worker["env"] = [*(theirs.get("env") or []), *spec["env"]]
    for field in ("resources", "securityContext"):
        if (value := effective.get(field)) is not None:
            worker[field] = value
    return worker


def _metadata(given: Mapping[str, Any], spec: Mapping[str, Any], image: str) -> dict[str, Any]:
    labels = {key: value for key, value in (given.get("labels") or {}).items() if not key.startswith(NOT_INHERITED)}
    version = spec.get("version") or image_tag(image)
    if version:
        labels.setdefault(VERSION, version)
    return {"labels": labels, "annotations": {**LEFT_ALONE, **(given.get("annotations") or {})}}


def image_tag(image: str) -> str:
    """The tag of an image as far as it may be a label's value; empty for a digest and for none."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag[:63].rstrip("-_.")


def _tolerations(given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A node that is away for a moment must not cost its jobs: the default of 300 s is kept from starting replacements
    for too long, none at all would lose the pods at once.
    """
    own = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": UNREACHABLE_SECONDS}
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    ]
    taken = {toleration.get("key") for toleration in given}
    return [*given, *(toleration for toleration in own if toleration["key"] not in taken)]
