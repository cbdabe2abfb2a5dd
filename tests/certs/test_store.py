"""The Secret of an install on a real API server: made once, healed, renewed, and never taken from its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certs.rotation import Data, Seen, Step
from certs.serving import LiveContext
from certs.sources import SecretSource, SourceError
from certs.store import LABEL, NAME, Bundle, ForeignSecretError, decoded, ensure
from kube.client import Client, Object
from kube.errors import Conflict, NotFound
from kube.resources import SECRETS

pytestmark = pytest.mark.control_plane

SERVICE = "headgate-webhook"
NOW = datetime.now(UTC)


async def ensured(client: Client, namespace: str, now: datetime = NOW, injected: bytes = b"") -> Bundle:
    return await ensure(client, namespace, SERVICE, lambda: now, injected=injected, look=all_is_well)


async def all_is_well(_: Data) -> Seen:
    return Seen(timedelta(days=1), "")


async def stored(client: Client, namespace: str) -> Object:
    return await client.get(SECRETS, NAME, namespace)


def secret(labels: Mapping[str, str], data: Mapping[str, str] | None = None) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": NAME, "labels": dict(labels)},
        "stringData": dict(data or {}),
    }


async def test_the_secret_is_made_with_our_label_and_then_left_alone(client: Client, namespace: str) -> None:
    made = await ensured(client, namespace)
    first = await stored(client, namespace)
    again = await ensured(client, namespace)
    assert (made.step, again.step) == (Step.NEW_AUTHORITY, Step.NONE)
    assert made.trusted == again.trusted == decoded(first)["ca.crt"]
    assert first["metadata"]["labels"][LABEL] == "true"
    assert (await stored(client, namespace))["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_reconcilers_that_start_together_agree_on_one_authority(client: Client, namespace: str) -> None:
    bundles = await asyncio.gather(*(ensured(client, namespace) for _ in range(8)))
    assert len({bundle.trusted for bundle in bundles}) == 1
    assert [bundle.step for bundle in bundles].count(Step.NEW_AUTHORITY) == 1


async def test_of_reconcilers_that_renew_together_one_writes(client: Client, namespace: str) -> None:
    await ensured(client, namespace)
    later = NOW + timedelta(days=61)
    bundles = await asyncio.gather(*(ensured(client, namespace, later) for _ in range(5)))
    assert [bundle.step for bundle in bundles].count(Step.NEW_LEAF) == 1
    assert len({bundle.leaf_ends for bundle in bundles}) == 1


async def test_a_secret_without_our_label_is_somebody_elses(client: Client, namespace: str) -> None:
    theirs = await client.create(SECRETS, secret({"team": "media"}, {"tls.crt": "theirs"}), namespace)
    with pytest.raises(ForeignSecretError, match=f"Secret {namespace}/{NAME} lacks the label headgate.dev/certs=true"):
        await ensured(client, namespace)
    with pytest.raises(SourceError, match="lacks the label"):
        await SecretSource(client, namespace).read()
    assert (await stored(client, namespace))["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("data", "want_step"),
    [
        pytest.param({}, Step.NEW_AUTHORITY, id="an empty Secret with our label"),
        pytest.param({"ca.crt": "x", "ca.key": "x", "note": "kept"}, Step.NEW_AUTHORITY, id="a Secret full of garbage"),
    ],
)
async def test_heals(client: Client, namespace: str, data: Mapping[str, str], want_step: Step) -> None:
    await client.create(SECRETS, secret({LABEL: "true"}, data), namespace)
    healed = await ensured(client, namespace)
    now = decoded(await stored(client, namespace))
    assert healed.step is want_step
    assert {"ca.crt", "ca.key", "tls.crt", "tls.key"} <= now.keys()
    assert now.get("note") == (b"kept" if "note" in data else None)
    assert (await ensured(client, namespace)).step is Step.NONE


async def test_a_deleted_secret_comes_back(client: Client, namespace: str) -> None:
    lost = await ensured(client, namespace)
    await client.delete(SECRETS, NAME, namespace)
    found = await ensured(client, namespace, injected=lost.trusted)
    assert (found.step, found.trusted.endswith(lost.trusted)) == (Step.NEW_AUTHORITY, True)


async def test_an_ended_authority_is_replaced(client: Client, namespace: str) -> None:
    await ensured(client, namespace)
    healed = await ensured(client, namespace, NOW + timedelta(days=400))
    assert (healed.step, healed.authority_ends > NOW + timedelta(days=700)) == (Step.NEW_AUTHORITY, True)


async def test_a_change_of_authority_leaves_no_successors_key_behind(client: Client, namespace: str) -> None:
    await ensured(client, namespace)
    now, seen = NOW + timedelta(days=250), []
    for minute in range(0, 60, 6):
        injected = decoded(await stored(client, namespace))["ca.crt"]
        bundle = await ensured(client, namespace, now + timedelta(minutes=minute), injected)
        seen += [bundle.step] if bundle.step is not Step.NONE else []
    # The leaf had ended by then, and what is broken is mended before what is due.
    assert seen == [Step.NEW_LEAF, Step.ADD_AUTHORITY, Step.PROMOTE, Step.DROP_OLD]
    assert decoded(await stored(client, namespace)).keys() == {"ca.crt", "ca.key", "tls.crt", "tls.key"}


async def test_endless_conflicts_are_told(client: Client, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await ensured(client, namespace)
    patch = client.merge_patch

    async def overtaken(*arguments: Any, **named: Any) -> Object:
        labels = {"metadata": {"labels": {"overtaken": str(datetime.now(UTC).timestamp())}}}
        await patch(SECRETS, NAME, namespace, labels)
        return await patch(*arguments, **named)

    monkeypatch.setattr(client, "merge_patch", overtaken)
    with pytest.raises(Conflict):
        await ensured(client, namespace, NOW + timedelta(days=61))


async def test_the_secret_is_a_source_of_leaves(client: Client, namespace: str) -> None:
    source, live = SecretSource(client, namespace), LiveContext()
    assert await source.read() is None
    await client.create(SECRETS, secret({LABEL: "true"}), namespace)
    assert await source.read() is None
    bundle = await ensured(client, namespace)
    leaf = await source.read()
    assert leaf is not None
    assert live.offer(leaf)
    assert live.served is not None
    assert live.served.ends == bundle.leaf_ends


async def test_a_missing_namespace_is_the_callers_to_see(client: Client) -> None:
    with pytest.raises(NotFound):
        await ensured(client, "nowhere-at-all")
