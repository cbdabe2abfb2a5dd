"""`headgate inject` on a real API server: what an install without rights in the cluster is given by helm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from certs.authority import service_names
from certs.inject import CONFIGURATIONS, injected_bundle
from certs.rotation import Lifetimes, Step, take
from certs.store import LABEL, NAME, decoded
from headgate.cli import main
from kube import config
from kube.client import Client
from kube.resources import MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS
from tests.certs.test_inject import configuration
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane


@pytest.fixture
async def client(control_plane: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(control_plane.kubeconfig)) as opened:
        yield opened


@pytest.fixture
async def installed(client: Client, namespace: str) -> AsyncIterator[str]:
    """A namespace whose two webhook configurations are there, without a caBundle."""
    for kind in (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS):
        await client.create(kind, configuration(kind, namespace, "one"))
    yield namespace
    for kind in CONFIGURATIONS:
        await client.delete(kind, f"headgate-{namespace}")


async def inject(cluster: Cluster, namespace: str, *flags: str) -> Result:
    arguments = ["inject", f"--kubeconfig={cluster.kubeconfig}", f"--namespace={namespace}", "--settle=0.1", *flags]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_a_fresh_install_is_trusted_and_a_second_run_changes_nothing(
    control_plane: Cluster, client: Client, installed: str
) -> None:
    done = await inject(control_plane, installed)
    assert (done.exit_code, done.output) == (0, "injected: the API server trusts the authority of the install\n")
    first = await client.get(SECRETS, NAME, installed)
    assert await injected_bundle(client, installed) == decoded(first)["ca.crt"]
    assert (await inject(control_plane, installed)).exit_code == 0
    assert await client.get(SECRETS, NAME, installed) == first


async def test_an_authority_that_is_due_is_changed_from_beginning_to_end(
    control_plane: Cluster, client: Client, installed: str
) -> None:
    made, lifetimes = datetime.now(UTC) - timedelta(days=300), Lifetimes(leaf=timedelta(days=365))
    old = take(Step.NEW_AUTHORITY, {}, service_names("headgate-webhook", installed), made, lifetimes)
    secret = {"metadata": {"name": NAME, "labels": {LABEL: "true"}}}
    text = {key: value.decode() for key, value in old.items()}
    await client.create(SECRETS, secret | {"stringData": text}, installed)
    assert (await inject(control_plane, installed)).exit_code == 0
    new = decoded(await client.get(SECRETS, NAME, installed))
    assert new["ca.crt"].count(b"BEGIN") == 1
    assert new["ca.crt"] not in (old["ca.crt"], b"")
    assert await injected_bundle(client, installed) == new["ca.crt"]


async def test_a_secret_of_somebody_else_is_told_and_left_alone(
    control_plane: Cluster, client: Client, installed: str
) -> None:
    theirs = await client.create(SECRETS, {"metadata": {"name": NAME}}, installed)
    done = await inject(control_plane, installed, "--timeout=1s")
    assert (done.exit_code, LABEL in done.output) == (1, True)
    assert await client.get(SECRETS, NAME, installed) == theirs
