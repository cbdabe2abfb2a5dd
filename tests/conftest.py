"""What every test may ask for: an API server, a fresh namespace, a node that runs pods, a Redis."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests import profiles
from tests.cluster import access, redis, state
from tests.cluster.cluster import Cluster, running_control_plane


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


@pytest.fixture
def namespace(control_plane: Cluster) -> Iterator[str]:
    """A fresh namespace, deleted at the end without waiting for it to be gone."""
    name = f"test-{secrets.token_hex(4)}"
    control_plane.kubectl("create", "namespace", name)
    try:
        yield name
    finally:
        control_plane.kubectl("delete", "namespace", name, "--wait=false")


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
