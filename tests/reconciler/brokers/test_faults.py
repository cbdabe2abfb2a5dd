"""What goes wrong at a real Redis, and that it goes right again by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers.connect import Limits
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerLoading,
    BrokerUnreachable,
    CredentialsRefused,
    HostRefused,
)
from reconciler.brokers.links import Links
from reconciler.brokers.observation import Method, Observation, exact
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import RedisQueue
from tests.cluster import redis, state
from tests.cluster.redis import Redis
from tests.reconciler.brokers.conftest import LIMITS, endpoint

PASSWORD = "correct-horse"


@pytest.fixture
def server(servers: state.State) -> Iterator[Redis]:
    """A Redis with a password, for this test alone."""
    with redis.running(servers, password=PASSWORD) as server:
        yield server


async def observed(links: Links, server: Redis, username: str = "", password: str | None = None) -> Observation:
    link = links.get(endpoint(server, username, password))
    return await RedisListObserver(link, RedisQueue("orders"), time.time).observe()


async def refused(links: Links, server: Redis, username: str = "", password: str | None = None) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        await observed(links, server, username, password)
    return caught.value


async def recovered(links: Links, server: Redis, seconds: float = 10) -> Observation:
    """The first observation that succeeds again."""
    deadline = time.monotonic() + seconds
    last = "nothing tried"
    while time.monotonic() < deadline:
        try:
            return await observed(links, server)
        except BrokerError as error:
            last = str(error)
            await asyncio.sleep(0.05)
    pytest.fail(f"not recovered after {seconds} s: {last}")


async def test_no_password(links: Links, server: Redis) -> None:
    error = await refused(links, server, password="")
    assert isinstance(error, CredentialsRefused)
    assert error.message == "NOAUTH Authentication required."


async def test_a_wrong_password_is_not_repeated(links: Links, server: Redis) -> None:
    error = await refused(links, server, password="wrong-horse")
    assert isinstance(error, CredentialsRefused)
    assert error.message == "WRONGPASS invalid username-password pair or user is disabled."


async def test_the_right_password_after_a_wrong_one(links: Links, server: Redis) -> None:
    await refused(links, server, password="wrong-horse")
    assert (await observed(links, server)).waiting == exact(0)


async def test_a_password_that_changes_while_connected(links: Links, server: Redis) -> None:
    await observed(links, server)
    async with Client.from_url(server.url) as client:
        await client.config_set("requirepass", "another-horse")
        await client.client_kill_filter(_type="normal", skipme=False)
    assert isinstance(await refused(links, server), CredentialsRefused)
    assert (await observed(links, server, password="another-horse")).waiting == exact(0)


async def test_a_user_without_the_right_to_look(links: Links, server: Redis) -> None:
    async with Client.from_url(server.url) as client:
        await client.acl_setuser("looker", enabled=True, passwords=["+pw"], commands=["+ping"], keys=["*"])
    error = await refused(links, server, "looker", "pw")
    assert isinstance(error, CredentialsRefused)
    assert error.message.startswith("LLEN orders: NOPERM")
    assert "llen" in error.message
    assert "looker" not in error.message


async def test_a_user_who_may_only_read_keys_is_enough(links: Links, server: Redis) -> None:
    async with Client.from_url(server.url) as client:
        await client.acl_setuser("looker", enabled=True, passwords=["+pw"], categories=["+@read"], keys=["orders*"])
        await client.lpush("orders", '{"id": "1"}')
        seen = await observed(links, server, "looker", "pw")
    assert seen.waiting == exact(1)
    assert seen.identity.run_id == ""
    assert abs(seen.time - time.time()) < 5


async def test_a_user_who_may_not_see_the_side_keys(links: Links, server: Redis) -> None:
    async with Client.from_url(server.url) as client:
        await client.acl_setuser("looker", enabled=True, passwords=["+pw"], categories=["+@read"], keys=["orders"])
        seen = await observed(links, server, "looker", "pw")
    assert seen.waiting == exact(0)
    assert {seen.running.method, seen.dead_letters.method, seen.scheduled.method} == {Method.UNKNOWN}


async def test_a_database_that_is_not_there(links: Links, server: Redis) -> None:
    link = links.get(replace(endpoint(server), db=99))
    with pytest.raises(AddressInvalid, match="DB index is out of range"):
        await link.ask(("LLEN", "orders"))


async def test_stopped_and_started_again(links: Links, server: Redis) -> None:
    before = await observed(links, server)
    server.stop()
    error = await refused(links, server)
    assert isinstance(error, BrokerUnreachable)
    assert error.message == f"127.0.0.1:{server.port}: Connection refused"
    server.start()
    after = await recovered(links, server)
    assert after.identity.run_id != before.identity.run_id


async def test_restarted_between_two_looks(links: Links, server: Redis) -> None:
    await observed(links, server)
    server.stop()
    server.start()
    assert (await observed(links, server)).waiting == exact(0)


async def test_a_server_that_hangs_costs_a_timeout(links: Links, server: Redis, servers: state.State) -> None:
    await observed(links, server)
    slow = Links(replace(LIMITS, connect_seconds=0.2), time.monotonic)
    process = servers.running()[f"redis-{server.port}"]
    os.kill(process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        error = await refused(slow, server)
    finally:
        os.kill(process.pid, signal.SIGCONT)
        await slow.close()
    assert isinstance(error, BrokerUnreachable)
    assert error.message == f"127.0.0.1:{server.port} did not answer within 0.2 s"
    assert time.monotonic() - began < 2
    assert (await recovered(links, server)).waiting == exact(0)


async def test_a_server_that_begins_to_hang_costs_a_timeout(server: Redis, servers: state.State) -> None:
    links = Links(replace(LIMITS, answer_seconds=0.2), time.monotonic)
    await observed(links, server)
    process = servers.running()[f"redis-{server.port}"]
    os.kill(process.pid, signal.SIGSTOP)
    try:
        error = await refused(links, server)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert error.message == f"127.0.0.1:{server.port} did not answer within 0.2 s"
    assert (await recovered(links, server)).waiting == exact(0)
    await links.close()


async def test_a_thousand_queues_wait_for_a_hanging_server_together(server: Redis, servers: state.State) -> None:
    links = Links(replace(LIMITS, connect_seconds=0.3, retry_seconds=5), time.monotonic)
    process = servers.running()[f"redis-{server.port}"]
    os.kill(process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        errors = await asyncio.gather(*(refused(links, server) for _ in range(1000)))
    finally:
        os.kill(process.pid, signal.SIGCONT)
        await links.close()
    assert {type(error) for error in errors} == {BrokerUnreachable}
    assert time.monotonic() - began < 3


async def _endless(client: Client) -> None:
    await cast("Awaitable[object]", client.eval("while true do end", 0))


async def test_a_busy_server_says_so(links: Links, server: Redis) -> None:
    async with Client.from_url(server.url, socket_timeout=None) as client:
        await client.config_set("busy-reply-threshold", 1)
        script = asyncio.ensure_future(_endless(client))
        async with Client.from_url(server.url) as killer:
            error: BrokerError | None = None
            deadline = time.monotonic() + 5
            while not isinstance(error, BrokerLoading):
                assert time.monotonic() < deadline, f"never busy: {error}"
                try:
                    await observed(links, server)
                except BrokerError as caught:
                    error = caught
            await killer.script_kill()
        await asyncio.gather(script, return_exceptions=True)
    assert "BUSY" in error.message


async def test_a_cancelled_question_does_not_spoil_the_next(links: Links, server: Redis) -> None:
    async with Client.from_url(server.url) as client:
        await client.lpush("orders", *(["x"] * 7))
        for delay in (0, 0.0005, 0.001, 0.002):
            task = asyncio.create_task(observed(links, server))
            await asyncio.sleep(delay)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await observed(links, server)).waiting == exact(7)


async def test_loopback_is_refused_unless_allowed(server: Redis) -> None:
    links = Links(Limits(), time.monotonic)
    error = await refused(links, server)
    assert isinstance(error, HostRefused)
    assert "127.0.0.1" in error.message


async def test_a_name_that_leads_to_loopback_is_refused_before_the_password_is_sent(
    server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = Links(Limits(), time.monotonic)
    monkeypatch.setattr("reconciler.brokers.trust.refuse_local_name", lambda host: None)
    async with Client.from_url(server.url) as client:
        before = (await client.info("commandstats")).get("cmdstat_auth", {"calls": 0})["calls"]
        assert isinstance(await refused(links, server), HostRefused)
        assert isinstance(await refused(links, server), HostRefused)
        after = (await client.info("commandstats")).get("cmdstat_auth", {"calls": 0})["calls"]
    assert after == before
    await links.close()


async def test_a_name_nobody_knows(links: Links, server: Redis) -> None:
    link = links.get(replace(endpoint(server), host="redis.invalid"))
    with pytest.raises(BrokerUnreachable, match=r"redis\.invalid:\d+: "):
        await link.ask(("TIME",))


async def test_connections_are_few_and_used_again(links: Links, server: Redis) -> None:
    await asyncio.gather(*(observed(links, server) for _ in range(100)))
    async with Client.from_url(server.url) as client:
        others = [other for other in await client.client_list() if other["cmd"] != "client|list"]
    assert 1 <= len(others) <= LIMITS.connections


async def test_idle_links_are_closed(server: Redis) -> None:
    now = 0.0
    links = Links(LIMITS, lambda: now)
    await observed(links, server)
    await links.close_idle()
    async with Client.from_url(server.url) as client:
        assert len(await client.client_list()) == 2
        now = 301.0
        await links.close_idle()
        deadline = time.monotonic() + 5
        while len(seen := await client.client_list()) > 1:
            assert time.monotonic() < deadline, seen
            await asyncio.sleep(0.01)
