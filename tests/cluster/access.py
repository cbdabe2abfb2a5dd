"""A cluster of the user's own (kind, k3d, a remote one), used instead of ours when it is named."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.cluster import Cluster, NodeCluster
from tests.cluster.errors import MissingError

VARIABLE: Final = "HEADGATE_TEST_KUBECONFIG"
LOADER: Final = "HEADGATE_TEST_LOAD_IMAGE"


@dataclass(frozen=True, slots=True)
class GivenNodeCluster(NodeCluster):
    """A cluster with nodes that is not ours; images reach it by a command of the user's."""

    def load_image(self, image: Path) -> None:
        command = os.environ.get(LOADER)
        if not command:
            raise MissingError(
                f"{VARIABLE} names a cluster of your own: set {LOADER} to the command that loads an image archive "
                "into it, such as 'kind load image-archive'; the archive's path is appended"
            )
        subprocess.run([*shlex.split(command), str(image)], check=True)


def names_cluster() -> bool:
    """Whether the user has a cluster of their own for the tests."""
    return bool(os.environ.get(VARIABLE))


def given_cluster() -> Cluster | None:
    """The cluster that `HEADGATE_TEST_KUBECONFIG` names, or None."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    kubeconfig = Path(path).expanduser().resolve()
    if not kubeconfig.exists():
        raise FileNotFoundError(f"{VARIABLE}={path}: there is no such file")
    config = json.loads(Cluster(kubeconfig, "").kubectl("config", "view", "--minify", "-o", "json"))
    return Cluster(kubeconfig, config["clusters"][0]["cluster"]["server"])


def given_node_cluster() -> GivenNodeCluster | None:
    """The same cluster, for tests with real pods."""
    given = given_cluster()
    return None if given is None else GivenNodeCluster(given.kubeconfig, given.server)


def refuse_given_cluster(what: str) -> None:
    """Fail where only a node of our own will do, and say so."""
    if names_cluster():
        raise MissingError(f"{what} is only possible on a node of our own; run this test without {VARIABLE}")
