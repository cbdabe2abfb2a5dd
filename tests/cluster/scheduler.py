"""kube-scheduler, as every profile with nodes runs it."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import binaries, control_plane
from tests.cluster.control_plane import ControlPlane
from tests.cluster.state import State


def command(claimed: State, plane: ControlPlane) -> list[str | Path]:
    user = plane.keys.kubeconfig(claimed.path / "scheduler.kubeconfig", plane.server, "system:kube-scheduler")
    return [
        binaries.kubernetes("kube-scheduler"),
        f"--kubeconfig={user}",
        f"--authentication-kubeconfig={user}",
        f"--authorization-kubeconfig={user}",
        "--leader-elect=false",
        *control_plane.UNTHROTTLED,
        "--secure-port=0",
    ]
