"""Status is written when it changes and not otherwise; on a real API server, counted by its versions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pytest

from kube.client import Client
from kube.errors import Invalid
from reconciler.keys import key_of
from reconciler.status import FAST_SECONDS, RESOURCES, Fields, StatusWriter
from reconciler.turns import Turns
from tests.kube.faketime import FakeTime
from tests.reconciler.builders import applied, queue

QUEUES = RESOURCES["Queue"]
FIELDS = Fields(fast=frozenset({"waiting"}), quiet=frozenset({"observedTime"}))


class Subject:
    """A Queue, a writer, and what is stored."""

    def __init__(self, client: Client, obj: dict[str, Any]) -> None:
        self.client = client
        self.obj = obj
        self.time = FakeTime()
        self.written = 0
        self.writer = StatusWriter(client, self.time.monotonic, self._answered)

    def _answered(self, obj: dict[str, Any], alone: dict[str, Any]) -> None:
        self.obj = obj
        self.written += 1

    async def write(self, **status: Any) -> float | None:
        return await self.writer.write(self.obj, status, FIELDS)

    async def status(self) -> Mapping[str, Any]:
        stored = await self.client.get(QUEUES, self.obj["metadata"]["name"], self.obj["metadata"]["namespace"])
        assert stored["metadata"]["resourceVersion"] == self.obj["metadata"]["resourceVersion"], (
            "one write, one version"
        )
        found: Mapping[str, Any] = stored["status"]
        return found


@pytest.fixture
async def subject(client: Client, namespace: str) -> Subject:
    return Subject(client, await client.create(QUEUES, applied(queue("q"), namespace)))


async def test_what_is_equal_is_not_written(subject: Subject) -> None:
    assert await subject.write(queueName="q", waiting=1) is None
    assert await subject.write(queueName="q", waiting=1) is None
    assert subject.written == 1
    assert await subject.status() == {"queueName": "q", "waiting": 1}


async def test_fast_numbers_wait_and_everything_else_takes_them_along(subject: Subject) -> None:
    await subject.write(queueName="q", waiting=1)
    subject.time.now = 10
    assert await subject.write(queueName="q", waiting=2) == 20, "come again in"
    assert subject.written == 1
    assert await subject.write(queueName="r", waiting=3) is None
    assert await subject.status() == {"queueName": "r", "waiting": 3}
    subject.time.now = 39
    assert await subject.write(queueName="r", waiting=4) == 1
    subject.time.now = 40
    assert await subject.write(queueName="r", waiting=4) is None
    assert await subject.status() == {"queueName": "r", "waiting": 4}
    assert subject.written == 3


async def test_where_many_have_numbers_to_write_each_waits_for_its_turn(subject: Subject) -> None:
    turns = Turns[Hashable](1)
    subject.writer = StatusWriter(subject.client, subject.time.monotonic, subject._answered, turns=turns)
    await subject.write(queueName="q", waiting=1)
    subject.time.now = 30
    for other in range(3):
        turns.of(other, 0.0, 30.0)
    assert await subject.write(queueName="q", waiting=2) == 3, "behind three others"
    subject.time.now = 32
    assert await subject.write(queueName="q", waiting=2) == 1
    subject.time.now = 33
    assert await subject.write(queueName="q", waiting=2) is None
    assert await subject.status() == {"queueName": "q", "waiting": 2}


async def test_a_number_that_comes_back_in_time_is_never_written(subject: Subject) -> None:
    await subject.write(waiting=1)
    assert await subject.write(waiting=2) == 30
    assert await subject.write(waiting=1) is None
    assert subject.written == 1


async def test_a_start_is_no_reason_to_write_numbers_that_another_process_has_written(subject: Subject) -> None:
    await subject.write(queueName="q", waiting=1)
    subject.time.now = 100
    subject.writer = StatusWriter(subject.client, subject.time.monotonic, subject._answered)
    wait = await subject.write(queueName="q", waiting=None)
    assert wait is not None
    assert FAST_SECONDS <= wait <= 2 * FAST_SECONDS, "each object at its own time"
    subject.time.now = 105
    assert await subject.write(queueName="q", waiting=1) is None
    assert await subject.write(queueName="q", waiting=2) == pytest.approx(wait - 5)
    assert subject.written == 1
    assert await subject.write(queueName="r", waiting=2) is None, "what is no number is told at once"
    assert await subject.status() == {"queueName": "r", "waiting": 2}


async def test_quiet_fields_only_go_along(subject: Subject) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z"
    await subject.write(waiting=1, observedTime=early)
    subject.time.now = 100
    assert await subject.write(waiting=1, observedTime=late) is None
    assert (await subject.status())["observedTime"] == early
    await subject.write(waiting=2, observedTime=late)
    assert (await subject.status())["observedTime"] == late


async def test_what_is_left_out_or_unknown_is_removed(subject: Subject) -> None:
    await subject.write(queueName="q", waiting=1)
    await subject.write(queueName="q", waiting=None, scheduled=None)
    subject.time.now = 100
    await subject.write(queueName="q", waiting=None)
    assert await subject.status() == {"queueName": "q"}
    await subject.write(queueName="q")
    assert subject.written == 2


async def test_a_field_that_the_server_drops_is_not_written_for_ever(subject: Subject) -> None:
    for _ in range(3):
        await subject.write(queueName="q", invented="by a newer version")
    assert subject.written == 1
    await subject.write(queueName="r", invented="by a newer version")
    assert await subject.status() == {"queueName": "r"}


async def test_what_others_write_is_put_right(subject: Subject, client: Client) -> None:
    await subject.write(queueName="q")
    metadata = subject.obj["metadata"]
    others = {"status": {"scheduled": 7, "queueName": "x"}}
    subject.obj = await client.merge_patch(QUEUES, "q", metadata["namespace"], others, "status")
    for _ in range(3):
        await subject.write(queueName="q")
    assert subject.written == 2
    assert await subject.status() == {"queueName": "q"}


async def test_nested_fields_follow(subject: Subject) -> None:
    await subject.write(methods={"waiting": "Exact", "running": "Exact"}, effective={"a": {"value": 1, "origin": "x"}})
    await subject.write(methods={"waiting": "Unknown", "running": None}, effective={"b": {"value": 1, "origin": "x"}})
    assert await subject.status() == {
        "methods": {"waiting": "Unknown"},
        "effective": {"b": {"value": 1, "origin": "x"}},
    }


async def test_a_restart_writes_nothing_when_nothing_changed(subject: Subject, client: Client) -> None:
    await subject.write(queueName="q", waiting=1, observedTime="2026-01-01T00:00:00Z")
    again = Subject(client, subject.obj)
    assert await again.write(queueName="q", waiting=1, observedTime="2026-01-01T00:09:00Z") is None
    assert again.written == 0


async def test_an_object_that_is_gone_is_no_error(subject: Subject, client: Client) -> None:
    metadata = subject.obj["metadata"]
    await client.delete(QUEUES, "q", metadata["namespace"])
    assert await subject.write(queueName="q") is None
    assert subject.written == 0


async def test_a_successor_of_the_same_name_is_not_written_to(subject: Subject, client: Client) -> None:
    old = subject.obj
    await client.delete(QUEUES, "q", old["metadata"]["namespace"])
    successor = await client.create(QUEUES, applied(queue("q"), old["metadata"]["namespace"]))
    with pytest.raises(Invalid):
        await subject.write(queueName="predecessor")
    subject.obj = successor
    await subject.write(queueName="q")
    assert await subject.status() == {"queueName": "q"}


async def test_what_was_forgotten_is_compared_with_the_stored_again(subject: Subject) -> None:
    await subject.write(queueName="q")
    subject.writer.forget(key_of(subject.obj))
    await subject.write(queueName="q")
    assert subject.written == 1
