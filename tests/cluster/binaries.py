"""Where each program of a cluster is found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cluster import cache, versions


class Missing(Exception):
    """A program is not there; the message names the remedy."""


def kubernetes(name: str) -> Path:
    """A program of Kubernetes itself, from `KUBEBUILDER_ASSETS` or the cache."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and (Path(assets) / name).exists():
        return Path(assets) / name
    built = cache.root() / "kubernetes" / versions.KUBERNETES / name
    if not built.exists():
        raise Missing(f"{built} is missing; make it with: python -m tests.cluster build")
    return built


def etcd() -> Path:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and (Path(assets) / "etcd").exists():
        return Path(assets) / "etcd"
    found = shutil.which("etcd")
    if found is None:
        raise Missing("etcd is missing; install it with: apt-get install etcd-server")
    return Path(found)
