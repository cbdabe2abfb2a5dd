"""caBundle in the webhook configurations of a real API server."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certs.authority import new_authority
from certs.inject import (
    CONFIGURATIONS,
    NotInjectedError,
    Outcome,
    configuration_name,
    inject,
    injected_bundle,
    operations,
)
from certs.keeping import Duty, Keeper, Report, keep
from certs.rotation import Step
from certs.selfcheck import why_not_trusted
from certs.serving import LiveContext
from certs.sources import SecretSource
from certs.store import LABEL, NAME, own_bundle
from kube.client import Client, Object
from kube.resources import MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS, Resource
from tests.cluster.cluster import Cluster

NOW = datetime.now(UTC)
BUNDLE = new_authority(NOW, timedelta(days=1)).certificate
ENCODED = base64.b64encode(BUNDLE).decode()
SERVICE = "headgate-webhook"


def entry(name: str, namespace: str = "media", ca_bundle: str | None = None) -> Object:
    client_config: Object = {"service": {"name": SERVICE, "namespace": namespace, "path": "/validate"}}
    return {
        "name": f"{name}.work.headgate.dev",
        "clientConfig": client_config | ({"caBundle": ca_bundle} if ca_bundle else {}),
        "rules": [
            {
                "apiGroups": ["work.headgate.dev"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["queues"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }


def configuration(resource: Resource, namespace: str, *names: str) -> Object:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": configuration_name(namespace)},
        "webhooks": [entry(name, namespace) for name in names],
    }


@pytest.fixture
async def installed(client: Client, namespace: str) -> AsyncIterator[str]:
    """A namespace whose two webhook configurations are there, without a caBundle."""
    await client.create(MUTATING_WEBHOOKS, configuration(MUTATING_WEBHOOKS, namespace, "default"))
    await client.create(VALIDATING_WEBHOOKS, configuration(VALIDATING_WEBHOOKS, namespace, "validate", "scale"))
    yield namespace
    for resource in CONFIGURATIONS:
        if (await client.list(resource, field_selector=f"metadata.name={configuration_name(namespace)}")).items:
            await client.delete(resource, configuration_name(namespace))


async def version(client: Client, resource: Resource, namespace: str) -> str:
    found = await client.get(resource, configuration_name(namespace))
    return str(found["metadata"]["resourceVersion"])


@pytest.mark.parametrize(
    ("entries", "want_paths"),
    [
        pytest.param([], [], id="nothing to inject into"),
        pytest.param([entry("a", ca_bundle=ENCODED)], [], id="there already"),
        pytest.param([entry("a")], ["/webhooks/0/name", "/webhooks/0/clientConfig/caBundle"], id="absent"),
        pytest.param(
            [entry("a", ca_bundle=ENCODED), entry("b", ca_bundle="b3RoZXI=")],
            ["/webhooks/1/name", "/webhooks/1/clientConfig/caBundle"],
            id="another one in one of two entries",
        ),
    ],
)
def test_operations(entries: list[Object], want_paths: list[str]) -> None:
    assert [operation["path"] for operation in operations({"webhooks": entries}, BUNDLE)] == want_paths


@pytest.mark.control_plane
async def test_every_entry_gets_the_bundle_and_a_second_time_nothing_is_written(client: Client, installed: str) -> None:
    name = configuration_name(installed)
    assert [await inject(client, kind, name, BUNDLE) for kind in CONFIGURATIONS] == [Outcome.WRITTEN] * 2
    before = [await version(client, kind, installed) for kind in CONFIGURATIONS]
    assert [await inject(client, kind, name, BUNDLE) for kind in CONFIGURATIONS] == [Outcome.SAME] * 2
    assert [await version(client, kind, installed) for kind in CONFIGURATIONS] == before
    assert await injected_bundle(client, installed) == BUNDLE


@pytest.mark.control_plane
async def test_a_configuration_that_an_administrator_removed_is_not_put_back(client: Client, namespace: str) -> None:
    assert await inject(client, VALIDATING_WEBHOOKS, configuration_name(namespace), BUNDLE) is Outcome.MISSING
    with pytest.raises(NotInjectedError, match=f"there is no MutatingWebhookConfiguration headgate-{namespace}"):
        await injected_bundle(client, namespace)


@pytest.mark.control_plane
async def test_half_an_injection_is_none(client: Client, installed: str) -> None:
    name = configuration_name(installed)
    await inject(client, MUTATING_WEBHOOKS, name, BUNDLE)
    with pytest.raises(NotInjectedError, match=r"validate\.work\.headgate\.dev of .* has no caBundle"):
        await injected_bundle(client, installed)
    other = new_authority(NOW, timedelta(days=1)).certificate
    await inject(client, VALIDATING_WEBHOOKS, name, other)
    with pytest.raises(NotInjectedError, match="2 different caBundles"):
        await injected_bundle(client, installed)


@pytest.mark.control_plane
async def test_an_upgrade_may_drop_an_entry_after_injection(
    client: Client, control_plane: Cluster, installed: str
) -> None:
    """Helm 4 upgrades by server-side apply, which keeps an entry that another applier holds a part of."""
    await client.delete(VALIDATING_WEBHOOKS, configuration_name(installed))

    def upgrade(*names: str) -> None:
        manifest = json.dumps(configuration(VALIDATING_WEBHOOKS, installed, *names))
        control_plane.kubectl("apply", "--server-side", "--field-manager=helm", "-f-", stdin=manifest)

    upgrade("validate", "scale")
    await inject(client, VALIDATING_WEBHOOKS, configuration_name(installed), BUNDLE)
    upgrade("validate")
    left = (await client.get(VALIDATING_WEBHOOKS, configuration_name(installed)))["webhooks"]
    assert [(w["name"], w["clientConfig"]["caBundle"]) for w in left] == [("validate.work.headgate.dev", ENCODED)]


def duty(namespace: str) -> Duty:
    return Duty(namespace=namespace, service=SERVICE)


async def one_pass(client: Client, namespace: str) -> Report:
    return await Keeper(client, duty(namespace), lambda: NOW).one_pass()


@asynccontextmanager
async def keeping(
    client: Client, namespace: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **how: Any
) -> AsyncIterator[list[Report]]:
    """`keep` at work, and what it reported so far."""
    reports: list[Report] = []
    task = asyncio.create_task(keep(client, duty(namespace), clock, reports.append, **how))
    try:
        yield reports
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], Any], what: str, seconds: float = 15) -> None:
    """Waits for an awaitable condition; says what was seen when it does not come."""
    deadline, seen = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        if (seen := await holds()) is True:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s; seen last: {seen}")


async def spoiled(client: Client, namespace: str) -> None:
    await client.merge_patch(SECRETS, NAME, namespace, {"data": {"ca.key": base64.b64encode(b"garbage").decode()}})


async def deleted(client: Client, namespace: str) -> None:
    await client.delete(SECRETS, NAME, namespace)


@pytest.mark.control_plane
async def test_what_somebody_overwrites_or_takes_away_is_back_before_the_next_look_at_the_clock(
    client: Client, installed: str
) -> None:
    async with keeping(client, installed, interval=3600) as reports:

        async def injected() -> bool | str:
            try:
                return await injected_bundle(client, installed) == reports[-1].bundle.trusted  # type: ignore[union-attr]
            except (NotInjectedError, IndexError) as error:
                return repr(error)

        await until(injected, "the first injection")
        for kind in CONFIGURATIONS:
            drop = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
            await client.json_patch(kind, configuration_name(installed), None, drop)
            await until(injected, f"the injection into {kind}")
        for spoil in (spoiled, deleted):
            before = reports[-1].bundle
            await spoil(client, installed)

            async def healed(before: object = before) -> bool:
                return reports[-1].bundle != before and await injected() is True

            await until(healed, f"a new Secret after it was {spoil.__name__}")


@pytest.mark.control_plane
async def test_after_a_machine_has_slept_for_two_months_the_next_look_renews(client: Client, installed: str) -> None:
    """Its timers stood still, and nothing else told it that time went by."""
    slept = timedelta()

    async with keeping(client, installed, lambda: datetime.now(UTC) + slept, interval=0.5) as reports:

        async def steps() -> object:
            seen = [report.bundle.step for report in reports if report.bundle and report.bundle.step is not Step.NONE]
            return seen == wanted or seen

        wanted = [Step.NEW_AUTHORITY]
        await until(steps, "the first certificates")
        slept, wanted = timedelta(days=61), [Step.NEW_AUTHORITY, Step.NEW_LEAF]
        await until(steps, "a new leaf")


@pytest.mark.control_plane
async def test_a_foreign_secret_is_reported_and_outlived(client: Client, installed: str) -> None:
    theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME}}
    await client.create(SECRETS, theirs, installed)
    fault = await one_pass(client, installed)
    await client.merge_patch(SECRETS, NAME, installed, {"metadata": {"labels": {LABEL: "true"}}})
    fine = await one_pass(client, installed)
    assert (LABEL in fault.fault, fault.bundle, fine.fault) == (True, None, "")
    assert set(fine.outcomes.values()) == {Outcome.WRITTEN}


@pytest.mark.control_plane
async def test_a_server_knows_whether_the_api_server_would_trust_it(client: Client, installed: str) -> None:
    live = LiveContext()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=live.context)
    port = server.sockets[0].getsockname()[1]

    async def why_not() -> str:
        return await why_not_trusted(client, installed, SERVICE, port) or "trusted"

    assert "has no caBundle" in await why_not()
    await one_pass(client, installed)
    assert f"127.0.0.1:{port} as headgate-webhook.{installed}.svc: " in await why_not()
    leaf = await SecretSource(client, installed).read()
    assert leaf is not None
    live.offer(leaf)
    assert await why_not() == "trusted"
    for kind in CONFIGURATIONS:
        await inject(client, kind, configuration_name(installed), BUNDLE)
    assert "unable to get local issuer certificate" in await why_not()
    own = await why_not_trusted(client, installed, SERVICE, port, trusted=own_bundle)
    assert own is None, "by its own Secret it is fine: all that a webhook without rights in the cluster can see"
    server.close()
