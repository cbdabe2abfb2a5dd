"""A cluster one can test against, whoever started it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.cluster import binaries, control_plane, state
from tests.cluster.state import State


class Profile(StrEnum):
    """How much of a cluster is real."""

    CONTROL_PLANE = "control-plane"
    NODE = "node"
    FAKE_NODES = "fake-nodes"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster: where it listens and how to be its administrator."""

    kubeconfig: Path
    server: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl against this cluster; returns its output, raises with its error text."""
        done = subprocess.run(
            [binaries.kubernetes("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "KUBECACHEDIR": str(self.kubeconfig.parent / "kubectl-cache")},
        )
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout


@contextmanager
def running_control_plane(settings: control_plane.Settings | None = None) -> Iterator[Cluster]:
    """A control plane of one's own for the length of the block."""
    claimed = state.claim()
    try:
        server = control_plane.start(claimed, settings or control_plane.Settings())
        yield Cluster(claimed.kubeconfig, server)
    finally:
        claimed.remove()


def start(profile: Profile, claimed: State, *, controllers: bool = True) -> Cluster:
    """Start a cluster of this profile in a claimed folder."""
    if profile is not Profile.CONTROL_PLANE:
        raise NotImplementedError(f"profile {profile} is being built")
    server = control_plane.start(claimed, control_plane.Settings(controllers=controllers))
    return Cluster(claimed.kubeconfig, server)
