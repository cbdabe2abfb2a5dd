"""Of whom nobody has had a word for as long as a drain may take: what a deleted pool gives up."""

from __future__ import annotations

import pytest

from reconciler.brokers.errors import BrokerUnreachable
from reconciler.phases.pool.look import look_anew
from reconciler.phases.pool.own import configure
from tests.reconciler.brokers.records import record
from tests.reconciler.phases.one_pool import NOW, OnePool

TIMEOUT = 600.0
AWAY = BrokerUnreachable("it does not answer")


@pytest.fixture
async def one() -> OnePool:
    made = OnePool()
    await made.child(1)
    await configure(await made.state(), made.ctx)
    await made.pod("p-1")
    return made


def heard(one: OnePool) -> None:
    one.records = {"p-1.0a": record("p-1.0a", podUID="uid-p-1", time=NOW)}


async def silent(one: OnePool, seconds: float = 0.0) -> bool:
    """After so many seconds more."""
    one.now += seconds
    state = await one.state()
    await look_anew(state, one.ctx)
    return "uid-p-1" in state.silent


async def test_who_never_says_anything_is_silent_when_the_time_is_over(one: OnePool) -> None:
    assert not await silent(one)
    assert not await silent(one, TIMEOUT - 1)
    assert await silent(one, 1)


async def test_who_speaks_in_between_begins_anew(one: OnePool) -> None:
    await silent(one)
    heard(one)
    assert not await silent(one, TIMEOUT)
    one.records = {}
    assert not await silent(one, TIMEOUT), "as after a broker that has lost its data, where it speaks again in a second"
    assert await silent(one, TIMEOUT)


async def test_an_old_or_garbled_word_is_a_word(one: OnePool) -> None:
    for text in (record("p-1.0a", podUID="uid-p-1", time=NOW - 3600), b"garbage"):
        one.records = {"p-1.0a": text}
        await silent(one)
        assert not await silent(one, TIMEOUT)


async def test_what_another_pod_of_its_name_has_said_is_none(one: OnePool) -> None:
    one.records = {"p-1.0a": record("p-1.0a", podUID="another", time=NOW)}
    await silent(one)
    assert await silent(one, TIMEOUT)


async def test_where_the_broker_cannot_be_read_nobody_is_silent(one: OnePool) -> None:
    one.failure = AWAY
    await silent(one)
    assert not await silent(one, 10 * TIMEOUT)


async def test_a_look_that_fails_tells_nothing_either_way(one: OnePool) -> None:
    await silent(one)
    one.failure = AWAY
    await silent(one, TIMEOUT / 2)
    one.failure = None
    assert await silent(one, TIMEOUT / 2)


async def test_a_queue_of_which_nothing_is_known_might_know_it(one: OnePool) -> None:
    one.pool["spec"]["queues"].append({"name": "gone"})
    await silent(one)
    assert not await silent(one, TIMEOUT)


async def test_who_may_speak_over_http_is_not_silent_for_not_answering(one: OnePool) -> None:
    one.pool["status"] = {"drainMethod": "AdminAPI"}
    await silent(one)
    assert not await silent(one, TIMEOUT)


async def test_where_no_broker_keeps_a_word_of_workers_silence_is_no_sign(one: OnePool) -> None:
    one.queue["spec"]["broker"] = {"prometheus": {"url": "http://p", "queries": {"waiting": "up"}}}
    await silent(one)
    assert not await silent(one, TIMEOUT)
