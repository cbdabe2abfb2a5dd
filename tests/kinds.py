"""Our kinds on a test's API server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from crds import meta
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until

GENERATED: Final = str(Path(__file__).parents[1] / "crds" / "generated")
OURS: Final = ("crd", "-l", "app.kubernetes.io/part-of=headgate")
"""The CRDs that the chart has installed, as kubectl's arguments."""


def serve(cluster: Cluster) -> None:
    """Applies the CRDs and waits until they are served, to those who watch too."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", GENERATED)
    until_established(cluster, "-f", GENERATED)
    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(partial(until_watched, cluster), (kind.plural for kind in meta.KINDS)))


def until_established(cluster: Cluster, *what: str) -> None:
    """Waits until the CRDs that kubectl would find by these arguments are served."""

    def lacking() -> str | None:
        # A CRD that is a moment old has no conditions at all, which `kubectl wait` takes for an error.
        try:
            cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *what)
        except RuntimeError as error:
            return str(error)
        return None

    until("our kinds are served", lacking, 90)


def until_watched(cluster: Cluster, plural: str) -> None:
    """Waits until a kind can be watched: the first who asks starts its cache, and is sent away with 429 meanwhile."""

    def refused() -> str | None:
        path = f"/apis/{meta.GROUP}/{meta.VERSION}/{plural}?watch=true&resourceVersion=0&timeoutSeconds=1"
        try:
            cluster.kubectl("get", "--raw", path)
        except RuntimeError as error:
            return str(error)
        return None

    until(f"{plural} can be watched", refused, 30)
