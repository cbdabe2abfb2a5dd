"""The revision of a pool's workers: a digest of what a running pod cannot be given without a restart.

Replicas, the queues' configuration, the agent's image and the time a drain may take are not in it. A longer
drain.timeout holds for the reconciler at once; the grace period of pods that already run cannot be changed, and is no
reason to restart them. An upgrade of Headgate restarts no worker: its agents come with the next revision.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from crds import meta
from reconciler.children import agent
from reconciler.children.environment import DRAIN_SECONDS
from reconciler.children.template import WORKER

LENGTH: Final = 8


def revision_of(template: Mapping[str, Any]) -> str:
    """8 hexadecimal digits, equal for templates that differ only in what needs no restart."""
    pod = {key: value for key, value in template["spec"].items() if key != "terminationGracePeriodSeconds"}
    pod["containers"] = [_lasting(container) for container in pod["containers"]]
    if "initContainers" in pod:
        pod["initContainers"] = [_without_agents_image(container) for container in pod["initContainers"]]
    text = json.dumps([_lasting_metadata(template["metadata"]), pod], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:LENGTH]


def _lasting_metadata(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a worker is asked over HTTP may be put right without a new one."""
    annotations = metadata.get("annotations") or {}
    if meta.ANNOTATION_ADMIN_PATH not in annotations:
        return metadata
    lasting = {name: value for name, value in annotations.items() if name != meta.ANNOTATION_ADMIN_PATH}
    return {**metadata, "annotations": lasting}


def _lasting(container: Mapping[str, Any]) -> Mapping[str, Any]:
    if container["name"] != WORKER:
        return container
    lasting = {**container, "env": [variable for variable in container["env"] if variable["name"] != DRAIN_SECONDS]}
    if "lifecycle" in container:
        lasting["lifecycle"] = agent.without_seconds(container["lifecycle"])
    return lasting


def _without_agents_image(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**container, "image": ""} if container["name"] == agent.NAME else container
