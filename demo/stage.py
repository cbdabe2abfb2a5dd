"""Where the demo plays: a cluster of its own on this machine, or one that is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import cluster, images, machine, preparing, redis, state
from tests.cluster.cluster import Cluster, NodeCluster, Profile

NAMESPACE = "headgate-demo"


@dataclass(frozen=True, slots=True)
class Stage:
    """A cluster with an empty namespace, and a Redis under the two addresses it has: for pods, and from here."""

    cluster: Cluster
    redis_for_pods: str
    redis_from_here: str
    image: str
    worker_image: str
    namespace: str = NAMESPACE


@contextmanager
def own(*, keep: bool) -> Iterator[Stage]:
    """A one-node Kubernetes on this machine, taken away at the end unless it is to be kept."""
    preparing.prepare("node")
    claimed = state.claim()
    kept = False
    try:
        print("Starting Kubernetes on this machine ...", flush=True)
        started = cluster.start(Profile.NODE, claimed)
        assert isinstance(started, NodeCluster)  # noqa: S101 - for the type checker: the profile is that of a node
        for image in (images.PRODUCT, images.WORKER):
            print(f"Loading {image.name} ...", flush=True)
            started.load_image(images.archive(image))
        server = redis.start(claimed, machine.ADDRESS)
        started.kubectl("create", "namespace", NAMESPACE)
        inside = redis.publish(server, started, NAMESPACE)
        yield Stage(started, inside, server.url, images.PRODUCT.name, images.WORKER.name)
        kept = keep
    finally:
        if kept:
            claimed.detach()
        else:
            print("Stopping Kubernetes ...", flush=True)
            claimed.remove()


@contextmanager
def given(kubeconfig: Path, redis_for_pods: str, redis_from_here: str, image: str, worker: str) -> Iterator[Stage]:
    """A cluster of the user's: what the demo made is removed at the end, the cluster is left as it was."""
    user = Cluster(kubeconfig, server="")
    user.kubectl("create", "namespace", NAMESPACE)
    try:
        yield Stage(user, redis_for_pods, redis_from_here, image, worker)
    finally:
        user.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
