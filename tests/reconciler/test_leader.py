"""Only who leads works and writes; how a term ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from kube.client import Client
from kube.errors import Unreachable
from kube.lease import Environment, LeaderElection, LeadershipLost, Times
from kube.resources import CONFIG_MAPS, LEASES
from reconciler.leader import FencedClient, lead
from tests.kube.test_client import config_map
from tests.waiting import eventually

QUICK = Times(lease_duration=3, renew_deadline=2, retry_period=0.2)


async def test_who_does_not_lead_reads_and_does_not_write(client: Client, namespace: str) -> None:
    leading = False
    async with FencedClient(client.connection, lambda: leading) as fenced:
        with pytest.raises(Unreachable, match="does not hold the Lease"):
            await fenced.create(CONFIG_MAPS, config_map("a", namespace))
        assert (await fenced.list(CONFIG_MAPS, namespace)).resource_version
        leading = True
        await fenced.create(CONFIG_MAPS, config_map("a", namespace))


class Term:
    """A candidate whose work can be looked at."""

    def __init__(self, client: Client, namespace: str, identity: str) -> None:
        self.election = LeaderElection(client, namespace, "lease", identity, QUICK, Environment())
        self.stop = asyncio.Event()
        self.working = asyncio.Event()
        self.task = asyncio.create_task(lead(self.election, self._work, self.stop))

    async def _work(self) -> None:
        self.working.set()
        await self.stop.wait()


@pytest.fixture
async def term(client: Client, namespace: str) -> AsyncIterator[Callable[[str], Term]]:
    terms: list[Term] = []

    def start(identity: str) -> Term:
        terms.append(Term(client, namespace, identity))
        return terms[-1]

    yield start
    for one in terms:
        one.task.cancel()
        await asyncio.gather(one.task, return_exceptions=True)


async def test_a_term_that_is_ended_hands_over_at_once(term: Callable[[str], Term]) -> None:
    first = term("first")
    async with asyncio.timeout(10):
        await first.working.wait()
    second = term("second")
    await asyncio.sleep(0)
    assert not second.working.is_set()
    first.stop.set()
    async with asyncio.timeout(10):
        await first.task
        await second.working.wait()
    assert not first.election.leading


async def test_a_standby_can_be_stopped(term: Callable[[str], Term]) -> None:
    first = term("first")
    async with asyncio.timeout(10):
        await first.working.wait()
    second = term("second")
    second.stop.set()
    async with asyncio.timeout(10):
        await second.task
    assert not second.working.is_set()


async def test_a_lost_lease_ends_the_work_with_an_error(
    term: Callable[[str], Term], client: Client, namespace: str
) -> None:
    one = term("one")
    async with asyncio.timeout(10):
        await one.working.wait()
    await client.merge_patch(LEASES, "lease", namespace, {"spec": {"holderIdentity": "thief"}})

    async def ended() -> bool:
        return one.task.done()

    await eventually("the term ends", ended, bool)
    with pytest.raises(LeadershipLost, match="thief"):
        await one.task
    lease = await client.get(LEASES, "lease", namespace)
    assert lease["spec"]["holderIdentity"] == "thief", "what another holds is not released"


async def test_work_that_breaks_ends_the_term_and_releases_nothing(client: Client, namespace: str) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    election = LeaderElection(client, namespace, "lease", "one", replace(QUICK), Environment())
    with pytest.raises(ZeroDivisionError):
        await lead(election, broken, asyncio.Event())
    lease = await client.get(LEASES, "lease", namespace)
    assert lease["spec"]["holderIdentity"] == "one", "an end that was not orderly leaves the lease to run out"
