"""Pods that look like workers on an API server that has no node: what a kubelet would report is written by the test."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.chart.helm import CRDS, HEADGATE, Helm
from tests.cluster import waiting
from tests.cluster.cluster import Cluster

CONTAINER: Final = "containerd://c1"
RUNNING: Final = {"running": {"startedAt": "2027-01-15T08:00:00Z"}}
GLASS: Final = {"headgate.dev/break-glass": "2027-01-15T12:00:00Z hangs, and its jobs may run again"}
MARK: Final = {"headgate.dev/drained-instance": CONTAINER}


def worker(name: str, annotations: Mapping[str, str] | None = None, pool: str = "w") -> dict[str, Any]:
    metadata = {"name": name, "labels": {"headgate.dev/pool": pool}, "annotations": dict(annotations or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "worker", "image": "i"}]},
    }


def status(
    state: Mapping[str, Any] | None = None, *, phase: str = "Running", name: str = "worker", **more: Any
) -> dict[str, Any]:
    """What a kubelet reports of one container."""
    rest = {"image": "i", "imageID": "i", "ready": True, "restartCount": 0, "containerID": CONTAINER}
    container = {"name": name, **rest, "state": dict(RUNNING if state is None else state)}
    return {"phase": phase, "containerStatuses": [container], **more}


def disrupted(**more: Any) -> dict[str, Any]:
    said = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    return status(conditions=[{**said, "lastTransitionTime": "2027-01-15T08:00:00Z"}], **more)


@dataclass(frozen=True)
class Yard:
    """One namespace whose install has bound the guards."""

    cluster: Cluster
    namespace: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def start(self, pod: Mapping[str, Any], reported: Mapping[str, Any] | None) -> str:
        """Create a pod and report its state as its kubelet would; its name."""
        self.kubectl("create", "-f-", stdin=json.dumps(pod))
        name: str = pod["metadata"]["name"]
        if reported is not None:
            patch = json.dumps({"status": reported})
            self.kubectl("patch", "pod", name, "--subresource=status", "--type=merge", "-p", patch)
        return name

    def delete(self, name: str, *who: str) -> str:
        return self.kubectl(*who, "delete", "pod", name, "--wait=false", "--grace-period=0", "--force")

    def bind(self) -> None:
        """Bind the guards to this namespace, as the chart of an install does, and wait until they are in force."""
        Guards(self.cluster).bind(self.namespace)
        self.start(worker("canary", pool="nobody"), status())

        def refused() -> str | None:
            try:
                return self.kubectl("delete", "pod", "canary", "--dry-run=server")
            except RuntimeError as refusal:
                return None if "has not been drained" in str(refusal) else str(refusal)

        waiting.until("the delete guard is in force", refused, 30)
        self.kubectl("annotate", "pod", "canary", *(f"{key}={value}" for key, value in GLASS.items()))
        self.delete("canary")


@dataclass(frozen=True)
class Guards:
    """The charts' own objects, without the rest of the charts."""

    cluster: Cluster

    def install(self, *policies: str) -> None:
        names = policies or ("delete-guard", "worker-marks")
        templates = (f"templates/native/{policy}.yaml" for policy in names)
        self.cluster.kubectl("apply", "-f-", stdin=_rendered("headgate-crds", CRDS, "default", *templates))

    def bind(self, namespace: str) -> None:
        bindings = _rendered("hg", HEADGATE, namespace, "templates/guards.yaml")
        self.cluster.kubectl("apply", "-f-", stdin=bindings)

    def bind_floor(self, namespace: str) -> None:
        bindings = _rendered("hg", HEADGATE, namespace, "templates/floor.yaml")
        self.cluster.kubectl("apply", "-f-", stdin=bindings)

    def unbind(self, namespace: str) -> None:
        names = [f"headgate-{namespace}-{policy}" for policy in ("delete-guard", "worker-marks")]
        self.cluster.kubectl("delete", "validatingadmissionpolicybinding", "--ignore-not-found", *names)


@functools.cache
def _rendered(release: str, chart: Path, namespace: str, *templates: str) -> str:
    only = [f"--show-only={template}" for template in templates]
    return Helm().run("template", release, chart, "-n", namespace, *only)
