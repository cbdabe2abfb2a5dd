"""The agent's container in a pod of workers: a native sidecar of our own image, which ends after the worker does.

It gets what the worker has of Headgate's files and nothing of the cluster's: a volume of ours lies where the account's
token would be mounted, so that no token is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

NAME: Final = "headgate-agent"
RUN_FOLDER: Final = "/run/headgate"
RUN_VOLUME: Final = "headgate-run"
NO_TOKEN_VOLUME: Final = "headgate-no-token"  # noqa: S105 - a volume's name, for there is no token
TOKEN_FOLDER: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder
WAIT: Final = f"{RUN_FOLDER}/headgate-wait"
RUN: Final = "HEADGATE_RUN"
PRE_STOP: Final = ("/bin/sh", WAIT, "--pre-stop")
GIVING_BACK_SECONDS: Final = 30
"""Left of the grace period after the hook: Sidekiq waits 25 s before it pushes back what still runs."""
NEEDED: Final = frozenset({"HEADGATE_POD", "HEADGATE_POD_UID", "HEADGATE_CONFIG", "HEADGATE_DRAIN_REQUEST"})
USER: Final = 65532
SPEAKS_BY_NAME: Final = "AGENT_CELERY_NODE"
"""A variable of the worker that the agent has to know too: the name of its node, where it is not the usual one."""


def volumes() -> list[dict[str, Any]]:
    return [
        {"name": RUN_VOLUME, "emptyDir": {"sizeLimit": "1Mi"}},
        {"name": NO_TOKEN_VOLUME, "emptyDir": {"sizeLimit": "1Mi"}},
    ]


def mount() -> dict[str, Any]:
    """The folder that worker and agent share; `headgate-wait` is in it."""
    return {"name": RUN_VOLUME, "mountPath": RUN_FOLDER}


def container(image: str, worker: Mapping[str, Any], ours: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`ours` are the mounts of Headgate's volumes in the worker's container."""
    known = NEEDED | {SPEAKS_BY_NAME}
    return {
        "name": NAME,
        "image": image,
        "args": ["agent"],
        "restartPolicy": "Always",
        "env": [*(one for one in worker["env"] if one["name"] in known), {"name": RUN, "value": RUN_FOLDER}],
        "volumeMounts": [
            *ours,
            mount(),
            {"name": NO_TOKEN_VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True},
        ],
        # The worker's container starts when the program it may begin with is in its place.
        "startupProbe": {
            "exec": {"command": ["test", "-x", WAIT]},
            "periodSeconds": 1,
            "failureThreshold": 60,
        },
        "resources": {"requests": {"cpu": "5m", "memory": "40Mi"}, "limits": {"memory": "96Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "runAsUser": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def pre_stop(grace: int) -> dict[str, Any]:
    """Before SIGTERM the worker may finish, also where nobody of ours deletes its pod. In an image without a shell the
    hook fails, and SIGTERM comes at once, as without it. `grace` is the pod's, and counts from the hook's beginning.
    """
    return {"exec": {"command": [*PRE_STOP, str(max(0, grace - GIVING_BACK_SECONDS))]}}


def without_seconds(lifecycle: Mapping[str, Any]) -> Mapping[str, Any]:
    """A worker's lifecycle as a revision knows it: how long our hook waits follows the grace period."""
    command = ((lifecycle.get("preStop") or {}).get("exec") or {}).get("command") or ()
    ours = tuple(command[: len(PRE_STOP)]) == PRE_STOP
    return {**lifecycle, "preStop": {"exec": {"command": [*PRE_STOP]}}} if ours else lifecycle
