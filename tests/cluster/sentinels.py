"""A Redis with a replica, and a sentinel that puts one in the other's place within a second or two. Needs no root."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import redis as client

from tests.cluster import binaries, debian, redis, waiting
from tests.cluster.ports import free_port
from tests.cluster.redis import Redis
from tests.cluster.state import State

MASTER: Final = "jobs"
_AT_ONCE: Final = ("--repl-diskless-sync-delay", "0")


@dataclass(slots=True)
class Sentinel:
    """One sentinel, which knows one primary as `MASTER`."""

    state: State
    port: int
    password: str = ""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        return f"sentinel-{self.port}"

    def ask(self, *command: str) -> object:
        with client.Redis(port=self.port, password=self.password or None, decode_responses=True) as link:
            return link.execute_command(*command)

    def stop(self) -> None:
        self.state.stop(self.name)

    def pause(self) -> None:
        """It holds its connections and says no more."""
        os.kill(self.state.running()[self.name].pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.state.running()[self.name].pid, signal.SIGCONT)


@dataclass(slots=True)
class Watched:
    """`primary` and `replica` are what they were at the beginning."""

    primary: Redis
    replica: Redis
    sentinel: Sentinel

    def stop(self) -> None:
        self.sentinel.stop()
        self.replica.stop()
        self.primary.stop()


@contextmanager
def watched(state: State, password: str = "", sentinel_password: str = "") -> Iterator[Watched]:
    """For the length of the block, all three in agreement when it begins."""
    login = ("--masterauth", password) if password else ()
    primary = redis.start(state, password=password, settings=(*_AT_ONCE, *login))
    following = ("--replicaof", primary.address, str(primary.port))
    replica = redis.start(state, password=password, settings=(*_AT_ONCE, *login, *following))
    waiting.until("the replica follows", lambda: _unlinked(replica), 10)
    found = Watched(primary, replica, sentinel(state, primary, sentinel_password))
    try:
        waiting.until("the sentinel knows the replica", lambda: _unsuited(found.sentinel), 10)
        yield found
    finally:
        found.stop()


def sentinel(state: State, primary: Redis, password: str = "") -> Sentinel:
    """Start one more that watches this primary."""
    made = Sentinel(state, free_port("127.0.0.1"), password)
    file = state.path / f"{made.name}.conf"
    lines = [
        f"port {made.port}",
        "bind 127.0.0.1",
        f"dir {state.path}",
        f"sentinel monitor {MASTER} {primary.address} {primary.port} 1",
        f"sentinel down-after-milliseconds {MASTER} 300",
        f"sentinel failover-timeout {MASTER} 5000",
    ]
    lines += [f"sentinel auth-pass {MASTER} {primary.password}"] if primary.password else []
    lines += [f"requirepass {password}"] if password else []
    file.write_text("\n".join(lines) + "\n")
    state.start(made.name, [binaries.installed("redis-server", debian.REDIS), file, "--sentinel"])
    state.wait(f"a sentinel on {made.address}", [made.name], lambda: redis.refuses("127.0.0.1", made.port), 10)
    return made


def _unlinked(replica: Redis) -> str | None:
    with client.Redis.from_url(replica.url) as link:
        status = str(link.info("replication").get("master_link_status"))
    return None if status == "up" else status


def _unsuited(sentinel: Sentinel) -> str | None:
    """What keeps the sentinel from promoting the replica."""
    found: Any = sentinel.ask("SENTINEL", "REPLICAS", MASTER)
    suited = [one for one in found if one["flags"] == "slave" and one["master-link-status"] == "ok"]
    return None if suited else repr(found)
