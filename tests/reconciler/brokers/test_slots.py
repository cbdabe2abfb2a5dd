from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ResponseError

from reconciler.brokers import everywhere, groups, slots
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerUnreachable, HostRefused, ReplyInvalid
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import info
from reconciler.brokers.slots import Slots
from tests.reconciler.brokers.test_trust import secret

GROUP = groups.cluster(["a:6379"], None)
ASKED = GROUP.entrances[0]
A, B = Endpoint("a"), Endpoint("b")
HALVES = Slots((0, 8192), (A, B))


def owned(first: int, last: int, host: bytes | None, *more: Any) -> list[Any]:
    return [first, last, [host, 6379, b"id"], *more]


def test_the_owners_of_all_slots() -> None:
    replica = [b"c", 6379, b"id"]
    reply = [owned(8192, 16383, b"B", replica), owned(0, 8191, b"a")]
    assert slots.read(reply, GROUP, ASKED) == HALVES


@pytest.mark.parametrize("host", [None, b"", b"?"])
def test_a_node_without_a_name_is_where_it_was_asked(host: bytes | None) -> None:
    assert slots.read([owned(0, 16383, host)], GROUP, ASKED).nodes == (A,)


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "no answer": (None, ReplyInvalid, "tells no slots"),
    "text": (b"slots", ReplyInvalid, "tells no slots"),
    "a range without a node": ([[0, 16383]], ReplyInvalid, "tells no slots"),
    "a port that is none": ([[0, 16383, [b"a", b"x"]]], ReplyInvalid, "tells no slots"),
    "nothing is owned": ([], BrokerUnreachable, "slot 0 of the cluster has no owner"),
    "a gap": (
        [owned(0, 99, b"a"), owned(101, 16383, b"a")],
        BrokerUnreachable,
        "slot 100 of the cluster has no owner",
    ),
    "the end is missing": ([owned(0, 8191, b"a")], BrokerUnreachable, "slot 8192 of the cluster has no owner"),
}


@pytest.mark.parametrize(("reply", "want", "words"), BAD.values(), ids=BAD.keys())
def test_a_cluster_that_is_not_whole_is_not_read(reply: Any, want: type[Exception], words: str) -> None:
    with pytest.raises(want, match=words):
        slots.read(reply, GROUP, ASKED)


def test_an_owner_that_the_secret_is_not_for() -> None:
    group = groups.cluster(["a:6379"], secret(password="pw", hosts="a"))
    with pytest.raises(HostRefused, match="not for b:6379"):
        slots.read([owned(0, 8191, b"a"), owned(8192, 16383, b"b")], group, group.entrances[0])


# The slot of "orders" is 105, that of "foo" 12182.
WHERE: dict[str, tuple[Command, tuple[Endpoint, ...]]] = {
    "by its key": (("LLEN", "orders"), (A,)),
    "by its key in bytes": (("HVALS", b"foo"), (B,)),
    "by its hash tag": (("LLEN", "orders:{foo}:x"), (B,)),
    "by what comes after the subcommand": (("XINFO", "GROUPS", "foo"), (B,)),
    "by a script's first key": (("EVAL", "return 1", 1, "foo"), (B,)),
    "about the servers": (("INFO", "server"), (A, B)),
    "about all keys": (("SCAN", "0"), (A, B)),
    "about none": (("TIME",), (A,)),
}


@pytest.mark.parametrize(("command", "want"), WHERE.values(), ids=WHERE.keys())
def test_where_a_command_goes(command: Command, want: tuple[Endpoint, ...]) -> None:
    assert HALVES.of(command) == want


@pytest.mark.parametrize(
    ("reply", "want"),
    [(b"cluster_state:ok\r\ncluster_current_epoch:7\r\n", 7), (b"cluster_current_epoch:x", 0), (None, 0)],
)
def test_the_epoch(reply: Any, want: int) -> None:
    assert slots.epoch(reply) == want


SERVER: Command = ("INFO", "server")


def test_who_several_nodes_are_together() -> None:
    one, two, other = b"run_id:1\r\nhz:10", b"run_id:2\r\n", b"run_id:3\r\n"
    together = info(everywhere.merged(SERVER, [one, two]))
    assert set(together) == {"run_id"}
    assert together == info(everywhere.merged(SERVER, [one, two]))
    assert together != info(everywhere.merged(SERVER, [one, other]))


@pytest.mark.parametrize(
    ("roles", "want"),
    [(("master", "master"), "master"), (("master", "slave"), "slave")],
    ids=["primaries", "a replica"],
)
def test_the_role_of_several_nodes(roles: tuple[str, ...], want: str) -> None:
    replies = [f"role:{role}\r\nmaster_replid:{role}".encode() for role in roles]
    assert info(everywhere.merged(("INFO", "replication"), replies))["role"] == want


def test_one_nodes_refusal_is_everybodys() -> None:
    refusal = ResponseError("NOPERM no")
    assert everywhere.merged(SERVER, [b"run_id:1", refusal]) is refusal


SCANS: dict[str, tuple[list[Any], Any]] = {
    "all at their end": ([[b"0", [b"x"]], [b"0", [b"y", b"z"]]], [b"0", [b"x", b"y", b"z"]]),
    "one not at its end": ([[b"0", [b"x"]], [b"17", []]], [b"17", [b"x"]]),
    "garbage": ([[b"0", [b"x"]], b"y"], None),
}


@pytest.mark.parametrize(("replies", "want"), SCANS.values(), ids=SCANS.keys())
def test_the_keys_of_several_nodes(replies: list[Any], want: Any) -> None:
    assert everywhere.merged(("SCAN", "0"), replies) == want
