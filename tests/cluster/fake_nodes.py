"""Nodes and pods that exist in the API only, in their thousands: kwok plays kubelet, the real scheduler places pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.cluster import builder, control_plane, scheduler
from tests.cluster.api import NotYetError
from tests.cluster.control_plane import ControlPlane
from tests.cluster.state import State

_STAGES: Final = Path(__file__).parent / "kwok-stages.yaml"
_READY_SECONDS: Final = 60.0
_CAPACITY: Final = {"cpu": "256", "memory": "1Ti", "pods": "1000"}
# Leases are renewed late where thousands of pods start on few cores. The pods of a node that was called lost would be
# unready from then on: on a real one the kubelet makes them ready again, and kwok does not.
FLAGS: Final = ("--node-monitor-grace-period=1h",)


def start(claimed: State, settings: control_plane.Settings, count: int) -> ControlPlane:
    """Start a control plane with `count` fake nodes, `fake-0` and on, and wait until all are Ready."""
    plane = control_plane.start(claimed, settings)
    claimed.start("kube-scheduler", scheduler.command(claimed, plane))
    claimed.start("kwok", _kwok(claimed, plane))
    for number in range(count):
        plane.api.create("/api/v1/nodes", _node(number))
    claimed.wait(f"{count} fake nodes", ["kwok", "kube-scheduler"], lambda: _not_ready(plane, count), _READY_SECONDS)
    return plane


def _not_ready(plane: ControlPlane, count: int) -> str | None:
    try:
        nodes = plane.api.get("/api/v1/nodes")["items"]
    except NotYetError as error:
        return str(error)
    ready = sum(_is_ready(node) and not node["spec"].get("taints") for node in nodes)
    return None if ready == count else f"{ready} of {count} nodes are Ready and without taints"


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _kwok(claimed: State, plane: ControlPlane) -> list[str | Path]:
    user = plane.keys.kubeconfig(claimed.path / "kwok.kubeconfig", plane.server, "kwok", "system:masters")
    return [
        builder.ensure(builder.KWOK, "kwok"),
        f"--kubeconfig={user}",
        f"--config={_STAGES}",
        "--manage-all-nodes",
        "--v=WARN",
        # Without leases it renews the status of every node instead.
        "--node-lease-duration-seconds=40",
    ]


def _node(number: int) -> dict[str, Any]:
    name = f"fake-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "status": {"capacity": _CAPACITY, "allocatable": _CAPACITY},
    }
