"""A cluster one can test against, whoever started it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.cluster import binaries, control_plane, fake_nodes, machine, node, runtime, state
from tests.cluster.state import State

# A program in Go that ends within a second need not look for garbage: a fifth of what kubectl computes.
SHORT_LIVED: Final = {"GOGC": "off"}


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
            env=kubectl_environment(self.kubeconfig),
        )
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def kubectl_environment(kubeconfig: Path) -> dict[str, str]:
    """What every kubectl of a test runs in: what it has discovered is kept with its cluster."""
    return {**os.environ, **SHORT_LIVED, "KUBECACHEDIR": str(kubeconfig.parent / "kubectl-cache")}


@dataclass(frozen=True, slots=True)
class NodeCluster(Cluster):
    """A cluster whose pods really run."""

    registry_free_images: bool = True
    """Whether images are imported and never pulled; their pods need `imagePullPolicy: IfNotPresent` or `Never`."""

    def load_image(self, image: Path) -> None:
        """Make the images of an OCI or docker archive known to the node."""
        runtime.load(image)


@contextmanager
def running_control_plane(settings: control_plane.Settings | None = None) -> Iterator[Cluster]:
    """A control plane of one's own for the length of the block."""
    claimed = state.claim()
    try:
        yield start_control_plane(claimed, settings)
    finally:
        claimed.remove()


@contextmanager
def running_node() -> Iterator[NodeCluster]:
    """The one node cluster of this machine for the length of the block."""
    claimed = state.claim()
    try:
        yield start_node(claimed)
    finally:
        claimed.remove()


@contextmanager
def running_fake_nodes(count: int) -> Iterator[Cluster]:
    """A control plane with fake nodes for the length of the block."""
    claimed = state.claim()
    try:
        yield start_fake_nodes(claimed, count)
    finally:
        claimed.remove()


def start_control_plane(claimed: State, settings: control_plane.Settings | None = None) -> Cluster:
    """Start a control plane in a claimed folder."""
    plane = control_plane.start(claimed, settings or control_plane.Settings())
    return Cluster(claimed.kubeconfig, plane.server)


def start_node(claimed: State) -> NodeCluster:
    """Start the node cluster in a claimed folder."""
    node.take_machine(claimed)
    plane = node.start(claimed, control_plane.Settings(address=machine.ADDRESS))
    return NodeCluster(claimed.kubeconfig, plane.server)


def start_fake_nodes(claimed: State, count: int) -> Cluster:
    """Start a control plane with `count` fake nodes in a claimed folder."""
    plane = fake_nodes.start(claimed, control_plane.Settings(controller_flags=fake_nodes.FLAGS), count)
    return Cluster(claimed.kubeconfig, plane.server)


def start(profile: Profile, claimed: State, *, controllers: bool = True, nodes: int = 10) -> Cluster:
    """Start a cluster of this profile in a claimed folder."""
    match profile:
        case Profile.CONTROL_PLANE:
            return start_control_plane(claimed, control_plane.Settings(controllers=controllers))
        case Profile.NODE:
            return start_node(claimed)
        case Profile.FAKE_NODES:
            return start_fake_nodes(claimed, nodes)
