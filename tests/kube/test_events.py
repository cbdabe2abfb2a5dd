"""Events on a real API server: counted, bounded, and never in anybody's way."""

from __future__ import annotations

from typing import Any

import pytest

from kube.client import Client
from kube.events import EventType, Recorder
from kube.resources import CONFIG_MAPS, EVENTS
from tests.kube.conftest import broken, scripted
from tests.kube.faketime import FakeTime
from tests.kube.test_client import config_map


@pytest.fixture
async def subject(client: Client, namespace: str) -> dict[str, Any]:
    return await client.create(CONFIG_MAPS, config_map("subject", namespace))


async def events(client: Client, namespace: str) -> list[tuple[str, str, int]]:
    listing = await client.list(EVENTS, namespace, field_selector="involvedObject.name=subject")
    return sorted((event["reason"], event["message"], event["count"]) for event in listing.items)


async def test_equal_events_are_one_with_a_count(client: Client, namespace: str, subject: dict[str, Any]) -> None:
    recorder = Recorder(client, "headgate-reconciler", "pod-1")
    for _ in range(3):
        recorder.record(subject, EventType.NORMAL, "Scaled", "from 1 to 2")
    recorder.record(subject, EventType.WARNING, "Scaled", "from 2 to 3")
    await recorder.flush()
    assert await events(client, namespace) == [("Scaled", "from 1 to 2", 3), ("Scaled", "from 2 to 3", 1)]


async def test_an_event_names_who_saw_it_and_what(client: Client, namespace: str, subject: dict[str, Any]) -> None:
    recorder = Recorder(client, "headgate-reconciler", "pod-1")
    recorder.record(subject, EventType.WARNING, "Stuck", "x" * 2000)
    await recorder.flush()
    (event,) = (await client.list(EVENTS, namespace, field_selector="reason=Stuck")).items
    assert event["type"] == "Warning"
    assert event["involvedObject"]["uid"] == subject["metadata"]["uid"]
    assert (event["reportingComponent"], event["reportingInstance"]) == ("headgate-reconciler", "pod-1")
    assert len(event["message"]) == 1024


async def test_an_event_that_expired_meanwhile_is_made_again(
    client: Client, namespace: str, subject: dict[str, Any]
) -> None:
    recorder = Recorder(client, "headgate-reconciler", "pod-1")
    recorder.record(subject, EventType.NORMAL, "Scaled", "from 1 to 2")
    await recorder.flush()
    (event,) = (await client.list(EVENTS, namespace, field_selector="reason=Scaled")).items
    await client.delete(EVENTS, event["metadata"]["name"], namespace)
    recorder.record(subject, EventType.NORMAL, "Scaled", "from 1 to 2")
    await recorder.flush()
    assert await events(client, namespace) == [("Scaled", "from 1 to 2", 1)]


async def test_an_object_that_says_too_much_is_cut_off_for_a_while(
    client: Client, namespace: str, subject: dict[str, Any]
) -> None:
    time = FakeTime()
    recorder = Recorder(client, "headgate-reconciler", "pod-1", clock=time.clock, monotonic=time.monotonic)
    for _ in range(30):
        recorder.record(subject, EventType.NORMAL, "Flapping", "again")
    assert recorder.dropped == 5
    time.now = 300
    recorder.record(subject, EventType.NORMAL, "Flapping", "again")
    assert recorder.dropped == 5
    await recorder.flush()
    assert await events(client, namespace) == [("Flapping", "again", 26)]


async def test_a_server_that_is_away_costs_the_event_and_nothing_else() -> None:
    subject = config_map("subject", "shop") | {"metadata": {"name": "s", "namespace": "shop", "uid": "1"}}
    async with scripted(broken) as client:
        recorder = Recorder(client, "headgate-reconciler", "pod-1")
        recorder.record(subject, EventType.NORMAL, "Scaled", "from 1 to 2")
        await recorder.flush()
    assert recorder.dropped == 1
