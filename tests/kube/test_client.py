"""The verbs against a real API server, and what a broken one does to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from kube import client as client_module
from kube import config
from kube.client import Client
from kube.credentials import Fixed
from kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Retry,
    ServerError,
    Silence,
    TooManyRequests,
    Unreachable,
)
from kube.resources import CONFIG_MAPS, DEPLOYMENTS, LEASES, NAMESPACES, PODS, SERVICE_ACCOUNTS, custom
from kube.stream import EventType
from tests.cluster.cluster import Cluster
from tests.kube.conftest import broken, scripted


def config_map(name: str, namespace: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "data": data,
    }


def insecure() -> ssl.SSLContext:
    """TLS without a client certificate, so that the API server sees nobody."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.control_plane
class TestVerbs:
    async def test_an_object_is_created_once(self, client: Client, namespace: str) -> None:
        made = await client.create(CONFIG_MAPS, config_map("a", namespace, k="1"))
        assert (await client.get(CONFIG_MAPS, "a", namespace))["metadata"]["uid"] == made["metadata"]["uid"]
        with pytest.raises(AlreadyExists) as caught:
            await client.create(CONFIG_MAPS, config_map("a", namespace))
        assert (caught.value.status, caught.value.retry) == (409, Retry.NEVER)

    async def test_a_dry_run_deletes_nothing_whatever_else_is_said(self, client: Client, namespace: str) -> None:
        made = await client.create(CONFIG_MAPS, config_map("a", namespace))
        uid, version = made["metadata"]["uid"], made["metadata"]["resourceVersion"]
        said: list[dict[str, Any]] = [{}, {"uid": uid}, {"resource_version": version}, {"propagation": "Background"}]
        for one in said:
            await client.delete(CONFIG_MAPS, "a", namespace, dry_run=True, **one)
            assert (await client.get(CONFIG_MAPS, "a", namespace))["metadata"]["uid"] == uid, one

    async def test_a_dry_run_stores_nothing(self, client: Client, namespace: str) -> None:
        await client.create(CONFIG_MAPS, config_map("a", namespace), dry_run=True)
        with pytest.raises(NotFound):
            await client.get(CONFIG_MAPS, "a", namespace)

    async def test_apply_owns_what_it_gives_and_nothing_else(self, client: Client, namespace: str) -> None:
        await client.apply(CONFIG_MAPS, config_map("a", namespace, ours="1"), "ours")
        await client.merge_patch(CONFIG_MAPS, "a", namespace, {"data": {"theirs": "1"}}, field_manager="theirs")
        done = await client.apply(CONFIG_MAPS, config_map("a", namespace, new="2"), "ours")
        assert done["data"] == {"new": "2", "theirs": "1"}

    async def test_without_force_a_field_of_others_is_a_conflict(self, client: Client, namespace: str) -> None:
        await client.apply(CONFIG_MAPS, config_map("a", namespace, k="1"), "ours")
        with pytest.raises(Conflict) as caught:
            await client.apply(CONFIG_MAPS, config_map("a", namespace, k="2"), "theirs", force=False)
        assert caught.value.details["causes"][0]["field"] == ".data.k"

    async def test_a_json_patch_is_refused_when_its_test_fails(self, client: Client, namespace: str) -> None:
        await client.create(CONFIG_MAPS, config_map("a", namespace, k="1"))
        change = {"op": "replace", "path": "/data/k", "value": "3"}
        with pytest.raises(Invalid):
            await client.json_patch(
                CONFIG_MAPS, "a", namespace, [{"op": "test", "path": "/data/k", "value": "2"}, change]
            )
        done = await client.json_patch(CONFIG_MAPS, "a", namespace, [change])
        assert done["data"] == {"k": "3"}

    async def test_a_delete_tests_its_preconditions(self, client: Client, namespace: str) -> None:
        made = await client.create(CONFIG_MAPS, config_map("a", namespace))
        with pytest.raises(Conflict):
            await client.delete(CONFIG_MAPS, "a", namespace, uid="00000000-0000-0000-0000-000000000000")
        with pytest.raises(Conflict):
            await client.delete(CONFIG_MAPS, "a", namespace, resource_version="1")
        await client.delete(CONFIG_MAPS, "a", namespace, uid=made["metadata"]["uid"])
        with pytest.raises(NotFound):
            await client.get(CONFIG_MAPS, "a", namespace)

    async def test_a_stale_replace_is_a_conflict(self, client: Client, namespace: str) -> None:
        made = await client.create(CONFIG_MAPS, config_map("a", namespace, k="1"))
        await client.replace(CONFIG_MAPS, made | {"data": {"k": "2"}})
        with pytest.raises(Conflict):
            await client.replace(CONFIG_MAPS, made | {"data": {"k": "3"}})

    async def test_subresources_are_read_and_posted_to(self, client: Client, namespace: str) -> None:
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "robot", "namespace": namespace},
        }
        await client.create(SERVICE_ACCOUNTS, account)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "metadata": {"name": "robot", "namespace": namespace},
            "spec": {},
        }
        answer = await client.create(SERVICE_ACCOUNTS, request, subresource="token")
        assert answer["status"]["token"]

    async def test_a_list_follows_its_pages_and_names_its_kinds(
        self, client: Client, namespace: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for i in range(7):
            await client.create(CONFIG_MAPS, config_map(f"many-{i}", namespace))
        monkeypatch.setattr(client_module, "PAGE", 3)
        listing = await client.list(CONFIG_MAPS, namespace, field_selector="metadata.name!=kube-root-ca.crt")
        assert [item["metadata"]["name"] for item in listing.items] == [f"many-{i}" for i in range(7)]
        assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {("v1", "ConfigMap")}
        chosen = await client.list(CONFIG_MAPS, namespace, label_selector="app in (many-1,many-4)")
        assert len(chosen.items) == 2

    async def test_invalid_objects_tell_their_causes(self, client: Client, namespace: str) -> None:
        with pytest.raises(Invalid) as caught:
            await client.create(CONFIG_MAPS, config_map("Not A Name", namespace))
        assert caught.value.details["causes"][0]["field"] == "metadata.name"

    async def test_refusals_have_their_type(self, control_plane: Cluster, namespace: str) -> None:
        nobody = replace(await config.load(control_plane.kubeconfig), credentials=Fixed(), ssl=insecure())
        async with Client(nobody) as client:
            with pytest.raises(Forbidden, match="system:anonymous"):
                await client.get(CONFIG_MAPS, "a", namespace)

    async def test_it_knows_which_kinds_are_served(self, client: Client) -> None:
        assert await client.served(DEPLOYMENTS)
        assert not await client.served(custom("example.com", "v1", "widgets", "Widget"))
        assert not await client.served(custom("apps", "v1", "widgets", "Widget"))

    async def test_it_knows_the_servers_clock(self, client: Client) -> None:
        assert client.server_date is None
        await client.get(NAMESPACES, "default")
        now: datetime | None = client.server_date
        assert now is not None
        assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)

    async def test_warnings_reach_the_callback(self, control_plane: Cluster, namespace: str) -> None:
        heard: list[str] = []
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": namespace},
            "spec": {"containers": [{"name": "c", "image": "x", "env": [{"name": "A"}, {"name": "A"}]}]},
        }
        async with Client(await config.load(control_plane.kubeconfig), warnings=heard.append) as client:
            await client.create(PODS, pod, dry_run=True)
        assert heard == [
            'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'
        ]


@pytest.mark.control_plane
class TestWatch:
    async def test_it_tells_what_changed_since_the_list(self, client: Client, namespace: str) -> None:
        listing = await client.list(CONFIG_MAPS, namespace)
        await client.create(CONFIG_MAPS, config_map("a", namespace))
        await client.merge_patch(CONFIG_MAPS, "a", namespace, {"data": {"k": "1"}})
        await client.delete(CONFIG_MAPS, "a", namespace)
        seen: list[EventType] = []
        watching = client.watch(CONFIG_MAPS, namespace, listing.resource_version, field_selector="metadata.name=a")
        async with asyncio.timeout(20), aclosing(watching):
            async for event in watching:
                seen.append(event.type)
                if event.type is EventType.DELETED:
                    break
        assert seen == [EventType.OPENED, EventType.ADDED, EventType.MODIFIED, EventType.DELETED]

    async def test_it_ends_by_itself(self, client: Client, namespace: str) -> None:
        listing = await client.list(LEASES, namespace)
        async with asyncio.timeout(20):
            events = [
                event async for event in client.watch(LEASES, namespace, listing.resource_version, timeout_seconds=1)
            ]
        assert [event.type for event in events if event.type is not EventType.BOOKMARK] == [EventType.OPENED]

    async def test_a_version_that_never_was_is_refused(self, client: Client, namespace: str) -> None:
        with pytest.raises(ApiError):
            await anext(client.watch(CONFIG_MAPS, namespace, "no number"))


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def busy(_: web.Request) -> web.StreamResponse:
    body = {"kind": "Status", "reason": "TooManyRequests", "message": "slow down"}
    return web.json_response(body, status=429, headers={"Retry-After": "9"})


async def html(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>", content_type="text/html")


async def asleep(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(2**10):
        await response.write(b"x" * 2**10)
    return response


FAULTS: dict[str, tuple[Answer, type[ApiError], str]] = {
    "a busy server": (busy, TooManyRequests, "slow down"),
    "a proxy's page": (html, ServerError, "no JSON"),
    "a connection that breaks": (broken, Unreachable, "/api/v1/namespaces/shop/pods/a"),
    "a server that does not answer": (asleep, Unreachable, "no answer in time"),
    "an answer without end": (huge, ServerError, "larger than 1000 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_faults(fault: tuple[Answer, type[ApiError], str], monkeypatch: pytest.MonkeyPatch) -> None:
    handler, want, want_message = fault
    monkeypatch.setattr("kube.transport.MAX_BODY", 1000)
    async with scripted(handler, timeout=0.5) as client:
        with pytest.raises(want, match=want_message) as caught:
            await client.get(PODS, "a", "shop")
    assert caught.value.retry is not Retry.NEVER


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with scripted(busy) as client:
        server = client.connection
    async with Client(server) as client:
        with pytest.raises(Unreachable, match="Cannot connect"):
            await client.get(PODS, "a", "shop")


async def test_a_list_that_expires_on_the_way_is_started_over() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.query.get("continue", ""))
        if asked == ["", "more"]:
            return web.json_response({"kind": "Status", "reason": "Expired"}, status=410)
        metadata = {"resourceVersion": "5", "continue": "" if asked[-1] else "more"}
        return web.json_response({"metadata": metadata, "items": [{"metadata": {"name": f"p{len(asked)}"}}]})

    async with scripted(handler) as client:
        listing = await client.list(PODS, "shop")
    assert asked == ["", "more", "", "more"]
    assert [item["metadata"]["name"] for item in listing.items] == ["p3", "p4"]


async def test_a_list_that_expires_again_and_again_is_gone() -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "reason": "Expired"}, status=410)

    async with scripted(handler) as client:
        with pytest.raises(Gone):
            await client.list(PODS, "shop")


async def test_a_watch_that_falls_silent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}\n')
        await asyncio.sleep(60)
        return response

    monkeypatch.setattr("kube.stream.SILENCE_SECONDS", 0.3)
    async with scripted(handler) as client, aclosing(client.watch(PODS, "shop", "1")) as events:
        assert [(await anext(events)).type for _ in range(2)] == [EventType.OPENED, EventType.BOOKMARK]
        with pytest.raises(Silence, match="nothing was heard"):
            await anext(events)


async def test_a_closed_client_says_so() -> None:
    async with scripted(busy) as client:
        connection = client.connection
    with pytest.raises(RuntimeError, match="async with"):
        await Client(connection).get(PODS, "a", "shop")
