"""The agent with a played Sidekiq, which keeps in a real Redis exactly the keys of lib/sidekiq/launcher.rb (8.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from headgate.agent.connecting import Link
from headgate.agent.plan import NOTHING_SEEN as NOTHING
from headgate.agent.plan import Act, State, told, verdict
from headgate.agent.speakers.sidekiq import Sidekiq

HOST = "orders-0a1b2c3d-x2x5z"


class Launcher:
    """One process: its heartbeat, and what it does on a signal. `busy` are the jobs it runs, by thread."""

    def __init__(self, broker: Any, pid: int = 1, host: str = HOST) -> None:
        self.broker, self.identity = broker, f"{host}:{pid}:3f2a9c01d2aa"
        self.done = self.ended = False
        self.busy: dict[str, dict[str, Any]] = {}

    def beat(self) -> None:
        """The method ❤: what is running, then itself, then one signal."""
        work = f"{self.identity}:work"
        self.broker.unlink(work)
        for thread, job in self.busy.items():
            self.broker.hset(work, thread, json.dumps(job))
        self.broker.expire(work, 60)
        self.broker.sadd("processes", self.identity)
        told = {"info": "{}", "busy": len(self.busy), "beat": time.time(), "rtt_us": 90, "rss": 61000}
        self.broker.hset(self.identity, mapping={**told, "quiet": "true" if self.done else "false"})
        self.broker.expire(self.identity, 60)
        match self.broker.rpop(f"{self.identity}-signals"):
            case b"TSTP":
                self.done = True
            case b"TERM":
                self.ended = True
                self.broker.srem("processes", self.identity)

    def run(self, thread: str, jid: str) -> None:
        self.busy[thread] = {"queue": "orders", "payload": json.dumps({"jid": jid}), "run_at": int(time.time())}


@pytest.fixture
def broker(redis_server: str) -> Iterator[Any]:
    with Redis.from_url(redis_server, protocol=2) as client:
        yield client


@pytest.fixture
def sidekiq(redis_server: str) -> Iterator[Sidekiq]:
    with Redis.from_url(redis_server, protocol=2) as client:
        yield Sidekiq(Link(client), HOST)


def rounds(sidekiq: Sidekiq, *launchers: Launcher, asked: bool = True, count: int = 1, quieted: bool = True) -> Any:
    """Rounds of the agent, with a heartbeat before each; what it says in the end."""
    story = NOTHING
    for number in range(1, count + 1):
        for launcher in launchers:
            launcher.beat()
        story = told(story, sidekiq.look(asked=asked), number)
        said = verdict(story, asked=asked, quieted=quieted)
        if said.act is Act.QUIET:
            sidekiq.quiet()
        if said.act is Act.WAKE:
            sidekiq.wake()
    return said


def test_a_process_is_quieted_finishes_and_is_proved(broker: Any, sidekiq: Sidekiq) -> None:
    process = Launcher(broker)
    process.run("t1", "a")
    assert rounds(sidekiq, process, count=5).state is State.DRAINING
    assert process.done, "it was told to take nothing new"
    process.busy.clear()
    assert rounds(sidekiq, process, count=2).state is State.DRAINING, "one heartbeat at rest is not enough"
    assert rounds(sidekiq, process, count=3).state is State.DRAINED


def test_only_processes_of_this_pod_are_spoken_to(broker: Any, sidekiq: Sidekiq) -> None:
    mine, other = Launcher(broker), Launcher(broker, host=f"{HOST}-2")
    rounds(sidekiq, mine, other, count=4)
    assert mine.done
    assert not other.done


def test_every_process_of_the_pod_is_waited_for(broker: Any, sidekiq: Sidekiq) -> None:
    first, second = Launcher(broker), Launcher(broker, pid=2)
    second.run("t1", "a")
    assert rounds(sidekiq, first, second, count=6).state is State.DRAINING
    second.busy.clear()
    assert rounds(sidekiq, first, second, count=4).state is State.DRAINED


def test_a_process_that_died_proves_nothing(broker: Any, sidekiq: Sidekiq) -> None:
    process = Launcher(broker)
    process.done = True
    process.beat()
    said = [rounds(sidekiq, count=9)]
    assert said[0].state is None, "its hash lives on for a minute, without a heartbeat"


def test_a_worker_that_is_called_back_is_started_anew_once_it_rests(broker: Any, sidekiq: Sidekiq) -> None:
    process = Launcher(broker)
    process.done = True
    process.run("t1", "a")
    rounds(sidekiq, process, asked=False, count=4)
    assert not process.ended, "not with a job: TERM would push it back after 25 s"
    process.busy.clear()
    rounds(sidekiq, process, asked=False, count=4)
    assert process.ended


def test_signals_do_not_pile_up(broker: Any, sidekiq: Sidekiq) -> None:
    process = Launcher(broker)
    process.beat()
    for _ in range(5):
        sidekiq.quiet()
    assert broker.llen(f"{process.identity}-signals") == 1


def test_what_it_has_seen_end_is_counted(broker: Any, sidekiq: Sidekiq) -> None:
    process = Launcher(broker)
    process.run("t1", "a")
    process.beat()
    sidekiq.look(asked=False)
    process.run("t1", "b")
    process.beat()
    (seen,) = sidekiq.look(asked=False).values()
    assert (seen.running, seen.completed) == (1, 1)
