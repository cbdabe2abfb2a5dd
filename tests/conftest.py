"""What every test may ask for: an API server, a fresh namespace, a node that runs pods, a Redis."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import profiles
from tests.cluster import access, images, machine, redis, state
from tests.cluster.cluster import Cluster, NodeCluster, running_control_plane, running_fake_nodes, running_node

# How fast examples are made says something about the machine and what else it does, and nothing about the product.
settings.register_profile("headgate", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("headgate")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(profiles.Profiles(profiles.asked()), "headgate-profiles")


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A real API server with controllers and without nodes, shared by the whole run.

    Tests that change cluster-wide objects clean up after themselves, or start their own with `running_control_plane`.
    """
    given = access.given_cluster()
    if given is not None:
        yield given
        return
    with running_control_plane() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def node_cluster() -> Iterator[NodeCluster]:
    """The one cluster of this machine whose pods really run. Needs root."""
    given = access.given_node_cluster()
    if given is not None:
        yield given
        return
    with running_node() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def fake_nodes() -> Iterator[Cluster]:
    """A control plane whose 10 nodes and all pods exist in the API only; pods are Running at once."""
    with running_fake_nodes(10) as cluster:
        yield cluster


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace of the cluster the test uses, deleted at the end without waiting for it to be gone."""
    kind = "node_cluster" if profiles.level(request.node) == "node" else "control_plane"
    cluster: Cluster = request.getfixturevalue(kind)
    name = f"test-{secrets.token_hex(4)}"
    cluster.kubectl("create", "namespace", name)
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def servers() -> Iterator[state.State]:
    """The folder of the servers that this run starts beside its clusters."""
    claimed = state.claim()
    try:
        yield claimed
    finally:
        claimed.remove()


@pytest.fixture
def redis_server(servers: state.State) -> Iterator[str]:
    """The URL of an empty Redis for this test alone."""
    with redis.running(servers) as server:
        yield server.url


@pytest.fixture(scope="session")
def product_image(node_cluster: NodeCluster) -> str:
    """The name of the product's image, built from this tree and known to the node."""
    node_cluster.load_image(images.archive(images.PRODUCT))
    return images.PRODUCT.name


@pytest.fixture(scope="session")
def worker_image(node_cluster: NodeCluster) -> str:
    """The name of the reference worker's image, built from this tree and known to the node."""
    node_cluster.load_image(images.archive(images.WORKER))
    return images.WORKER.name


@pytest.fixture
def cluster_redis(node_cluster: NodeCluster, namespace: str, servers: state.State) -> Iterator[redis.PublishedRedis]:
    """An empty Redis with a password that pods reach as `redis.<namespace>.svc:6379`."""
    access.refuse_given_cluster("a Redis on the node's bridge")
    with redis.running(servers, machine.ADDRESS, redis.make_password()) as server:
        yield redis.PublishedRedis(server, redis.publish(server, node_cluster, namespace))
