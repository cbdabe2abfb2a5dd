"""A cluster of the user's own (kind, k3d, a remote one), used instead of ours when it is named."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from tests.cluster.cluster import Cluster

VARIABLE: Final = "HEADGATE_TEST_KUBECONFIG"


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
