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
    text = json.dumps([template["metadata"], pod], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:LENGTH]


def _lasting(container: Mapping[str, Any]) -> Mapping[str, Any]:
    if container["name"] != WORKER:
        return container
    return {**container, "env": [variable for variable in container["env"] if variable["name"] != DRAIN_SECONDS]}


def _without_agents_image(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**container, "image": ""} if container["name"] == agent.NAME else container
