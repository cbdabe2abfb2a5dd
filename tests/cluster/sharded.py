"""A Redis Cluster of two primaries, one of which has a replica. Needs no root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import redis as client

from tests.cluster import redis, waiting
from tests.cluster.ports import free_port
from tests.cluster.redis import Redis
from tests.cluster.state import State

SLOTS: Final = 16384
MIDDLE: Final = SLOTS // 2


@dataclass(frozen=True, slots=True)
class Node:
    """One server, and the port at which the others speak to it."""

    server: Redis
    bus: int

    @property
    def address(self) -> str:
        return f"{self.server.address}:{self.server.port}"

    @property
    def id(self) -> str:
        return str(self.ask("CLUSTER", "MYID"))

    def ask(self, *command: str | int) -> Any:
        server = self.server
        with client.Redis(server.address, server.port, password=server.password or None, decode_responses=True) as link:
            return link.execute_command(*command)


@dataclass(frozen=True, slots=True)
class Sharded:
    """`low` owns the first half of the slots, `high` the second; `replica` follows `low`."""

    low: Node
    high: Node
    replica: Node

    @property
    def nodes(self) -> tuple[Node, Node, Node]:
        return self.low, self.high, self.replica

    def take_over(self) -> None:
        """Put the replica in the place of its primary, as after a vote."""
        self.replica.ask("CLUSTER", "FAILOVER", "TAKEOVER")
        waiting.until("the other primary knows", self._unknown, 10)

    def _unknown(self) -> str | None:
        known = str(self.high.ask("CLUSTER", "NODES"))
        return None if f"{self.replica.id}" in _owners(known) else known


def begin_move(slot: int, source: Node, target: Node) -> None:
    """From now on its keys may be at either node."""
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)


def end_move(slot: int, source: Node, target: Node) -> None:
    """The slot is the target's; no key of it may be left at the source."""
    for node in (target, source):
        node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)


@contextmanager
def sharded(state: State, password: str = "") -> Iterator[Sharded]:
    """For the length of the block, all of one mind when it begins."""
    made = Sharded(*(_node(state, password) for _ in range(3)))
    try:
        _join(made)
        yield made
    finally:
        for node in made.nodes:
            node.server.stop()


def _node(state: State, password: str) -> Node:
    port, bus = free_port("127.0.0.1"), free_port("127.0.0.1")
    settings = (
        "--cluster-enabled", "yes",
        "--cluster-config-file", f"nodes-{port}.conf",
        "--cluster-node-timeout", "5000",
        "--cluster-port", str(bus),
        "--repl-diskless-sync-delay", "0",
        *(("--masterauth", password) if password else ()),
    )  # fmt: skip
    return Node(redis.start(state, password=password, port=port, settings=settings), bus)


def _join(made: Sharded) -> None:
    low, high, replica = made.nodes
    for epoch, node in enumerate(made.nodes, 1):
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", epoch)
    low.ask("CLUSTER", "ADDSLOTSRANGE", 0, MIDDLE - 1)
    high.ask("CLUSTER", "ADDSLOTSRANGE", MIDDLE, SLOTS - 1)
    for node in (high, replica):
        low.ask("CLUSTER", "MEET", node.server.address, node.server.port, node.bus)
    waiting.until("the replica knows its primary", lambda: _strange(replica, low.id), 20)
    replica.ask("CLUSTER", "REPLICATE", low.id)
    for node in made.nodes:
        waiting.until("the cluster is whole", partial(_apart, node), 20)
    waiting.until("the replica follows", lambda: _unlinked(replica), 20)


def _strange(node: Node, other: str) -> str | None:
    known = str(node.ask("CLUSTER", "NODES"))
    return None if other in known else known


def _apart(node: Node) -> str | None:
    """What keeps it from serving, and from knowing of the other two and of the replica's place."""
    known, facts = str(node.ask("CLUSTER", "NODES")), str(node.ask("CLUSTER", "INFO"))
    whole = "cluster_state:ok" in facts and known.count("connected") == 3 and "slave" in known
    return None if whole and "handshake" not in known else f"{facts}\n{known}"


def _unlinked(replica: Node) -> str | None:
    status = str(replica.ask("INFO", "replication")["master_link_status"])
    return None if status == "up" else status


def _owners(nodes: str) -> str:
    """The lines of those that own slots."""
    return "\n".join(line for line in nodes.splitlines() if line.split()[8:])
