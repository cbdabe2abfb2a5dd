"""Which node of a Redis Cluster owns which slots, and which slot a command is about. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from reconciler.brokers import opinions
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerUnreachable, ReplyInvalid
from reconciler.brokers.groups import Cluster
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import info

ANYWHERE: Final = ("TIME",)
EVERYWHERE: Final = ("INFO", "SCAN")
"""What is asked of every node, because it is about the server or about all of its keys."""
_KEY_AT: Final = {"XINFO": 2, "EVAL": 3}
_NOT_SAID: Final = ("", "?")
_EPOCH: Final = "cluster_current_epoch"


@dataclass(frozen=True, slots=True)
class Slots:
    """Ranges of slots by their first one, in order, without a gap."""

    firsts: tuple[int, ...]
    owners: tuple[Endpoint, ...]

    @property
    def nodes(self) -> tuple[Endpoint, ...]:
        return tuple(sorted(set(self.owners), key=lambda node: (node.host, node.port)))

    def of(self, command: Command) -> tuple[Endpoint, ...]:
        """The nodes to be asked."""
        if command[0] in EVERYWHERE:
            return self.nodes
        if command[0] in ANYWHERE:
            return self.nodes[:1]
        return (self.owners[bisect_right(self.firsts, _slot(command)) - 1],)


def _slot(command: Command) -> int:
    key = command[_KEY_AT.get(str(command[0]), 1)]
    return key_slot(key if isinstance(key, bytes) else str(key).encode())


def read(reply: Any, group: Cluster, asked: Endpoint) -> Slots:
    """The answer to CLUSTER SLOTS, of which the first node of a range owns it."""
    where = f"{asked.host}:{asked.port}"
    try:
        ranges = sorted(((int(first), int(last)), _where(node, asked)) for first, last, node, *_ in reply)
    except (TypeError, ValueError, AttributeError):
        raise ReplyInvalid(f"{where} tells no slots of a cluster") from None
    covered = 0
    for (first, last), _ in ranges:
        if first != covered:
            break
        covered = last + 1
    if covered != REDIS_CLUSTER_HASH_SLOTS:
        raise BrokerUnreachable(f"{where}: slot {covered} of the cluster has no owner")
    return Slots(tuple(first for (first, _), _ in ranges), tuple(group.named(*node) for _, node in ranges))


def _where(node: Any, asked: Endpoint) -> tuple[str, int]:
    """A node that does not know its own name is where it was asked."""
    host, port = node[:2]
    name = host.decode("ascii").lower() if host is not None else ""
    return (asked.host if name in _NOT_SAID else name), int(port)


def epoch(reply: Any) -> int:
    """From CLUSTER INFO; 0 where it does not tell."""
    return opinions.epoch(info(reply).get(_EPOCH, "").encode())
