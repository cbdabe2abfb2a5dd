"""The pod template: the user's partial one, completed. What the user sets is never overwritten.

`$(HEADGATE_...)` in command and args is filled in by the kubelet, from the variables of the container.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from crds import duration
from reconciler.children import environment
from reconciler.children.blueprint import VERSION, WORKER, Blueprint

LONGEST_GRACE: Final = 600
"""Autoscalers of nodes cut off what takes longer; a drain may take longer, the grace is only its last net."""
FAREWELL_SECONDS: Final = 15
"""On top, for a worker that has used up its time to give back what it holds and to leave."""
NODE_LOST_SECONDS: Final = 60
_NODE_TROUBLES: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_FIELDS: Final = ("image", "command", "args", "envFrom")


def pod_template(blueprint: Blueprint, labels: Mapping[str, str]) -> dict[str, Any]:
    """`spec.template` of the Deployment; `labels` are those that its selector needs."""
    given = deepcopy(dict(blueprint.spec.get("template") or {}))
    metadata = dict(given.get("metadata") or {})
    version = {VERSION: text} if (text := version_of(blueprint)) else {}
    result: dict[str, Any] = {"labels": {**version, **(metadata.get("labels") or {}), **blueprint.labels(), **labels}}
    if blueprint.spec.get("version"):
        result["labels"] |= version
    if metadata.get("annotations"):
        result["annotations"] = metadata["annotations"]
    return {"metadata": result, "spec": _pod(blueprint, given.get("spec") or {})}


def worker_image(blueprint: Blueprint) -> str:
    containers = ((blueprint.spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    given = next((container.get("image") for container in containers if container.get("name") == WORKER), None)
    return str(blueprint.spec.get("image") or given or "")


def version_of(blueprint: Blueprint) -> str:
    """`spec.version`, else the tag of the image; empty where that is no label value, as a digest is not."""
    if version := blueprint.spec.get("version"):
        return str(version)
    name = worker_image(blueprint).partition("@")[0]
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag if len(tag) <= 63 and tag[:1].isalnum() and tag[-1:].isalnum() else ""


def _pod(blueprint: Blueprint, given: Mapping[str, Any]) -> dict[str, Any]:
    containers = list(given.get("containers") or ())
    worker = next((container for container in containers if container.get("name") == WORKER), {"name": WORKER})
    others = [container for container in containers if container.get("name") != WORKER]
    pod: dict[str, Any] = {
        **given,
        "containers": [_worker(blueprint, worker), *others],
        "volumes": [*(given.get("volumes") or ()), *environment.volumes(blueprint)],
        "tolerations": _tolerations(list(given.get("tolerations") or ())),
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            **(blueprint.effective.get("podSecurityContext") or {}),
        },
    }
    pod.setdefault("terminationGracePeriodSeconds", grace_seconds(blueprint))
    pod.setdefault("enableServiceLinks", False)
    if not (pod.get("serviceAccountName") or pod.get("serviceAccount")):
        pod.setdefault("automountServiceAccountToken", False)
    return pod


def grace_seconds(blueprint: Blueprint) -> int:
    timeout = duration.seconds(blueprint.effective.get("drain.timeout"))
    return min(max(1, round(timeout)), LONGEST_GRACE) + FAREWELL_SECONDS


def _worker(blueprint: Blueprint, given: Mapping[str, Any]) -> dict[str, Any]:
    spec = blueprint.spec
    worker: dict[str, Any] = {**given, **{field: spec[field] for field in _FIELDS if spec.get(field)}}
    worker["env"] = [*environment.variables(blueprint), *(given.get("env") or ()), *(spec.get("env") or ())]
    worker["volumeMounts"] = [*(given.get("volumeMounts") or ()), *environment.mounts(blueprint)]
    if resources := blueprint.effective.get("resources"):
        worker["resources"] = resources
    context = dict(blueprint.effective.get("securityContext") or {})
    if not context.get("privileged"):
        context.setdefault("allowPrivilegeEscalation", False)
    worker["securityContext"] = context
    return worker


def _tolerations(given: list[Any]) -> list[Any]:
    """A worker on a node that is lost is replaced after a minute, unless its own tolerations say otherwise."""
    return [*given, *(_for_a_minute(trouble) for trouble in _NODE_TROUBLES if not _covered(given, trouble))]


def _covered(given: list[Any], key: str) -> bool:
    return any(
        toleration.get("key") in (key, None, "") and toleration.get("effect") in ("NoExecute", None, "")
        for toleration in given
    )


def _for_a_minute(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": NODE_LOST_SECONDS}
