"""Sentinels of different opinions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ResponseError

from reconciler.brokers import groups, sentinels
from reconciler.brokers.connect import Link, Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, CredentialsRefused, ReplyInvalid
from reconciler.brokers.questions import Command
from tests.reconciler.brokers.conftest import LIMITS

AWAY = BrokerUnreachable("away")


def told(host: str, epoch: int | None, port: bytes = b"6379") -> Sequence[Any]:
    """What one answers; without an epoch it may not be asked for it."""
    facts = ResponseError("NOPERM no") if epoch is None else [b"name", b"jobs", b"config-epoch", b"%d" % epoch]
    return [[host.encode(), port], facts]


class Scripted(Link):
    """A sentinel that gives one answer, or none ever."""

    def __init__(self, endpoint: Endpoint, answer: Sequence[Any] | BrokerError | None) -> None:
        super().__init__(endpoint, LIMITS, time.monotonic)
        self._answer = answer

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        if isinstance(self._answer, BrokerError):
            raise self._answer
        if self._answer is None:
            await asyncio.Event().wait()
        assert self._answer is not None
        return self._answer


async def primary(*answers: Sequence[Any] | BrokerError | None) -> str:
    group = groups.sentinels("jobs", [f"s:{port}" for port in range(1, len(answers) + 1)], None)
    async with asyncio.timeout(5):
        found = await sentinels.primary(group, lambda endpoint: Scripted(endpoint, answers[endpoint.port - 1]))
    return found.host


async def test_the_newest_opinion_counts() -> None:
    assert await primary(told("old", 3), told("new", 4)) == "new"
    assert await primary(told("new", 10), told("old", 9), AWAY) == "new"


async def test_an_opinion_without_an_epoch_is_better_than_none() -> None:
    assert await primary(told("only", None), AWAY) == "only"
    assert await primary(told("a", None), told("b", 1)) == "b"


@pytest.mark.parametrize("facts", [None, 7, [[]], [b"config-epoch", [b"9"]], [b"config-epoch", b"9" * 5000]])
async def test_garbage_beside_the_address_is_no_epoch(facts: Any) -> None:
    assert await primary([[b"odd", b"6379"], facts], told("new", 1)) == "new"


async def test_nobody_waits_for_those_who_hang_when_most_have_answered() -> None:
    assert await primary(None, told("a", 1), told("a", 1)) == "a"


GARBAGE = {
    "no list": [b"x", []],
    "one part": [[b"host"], []],
    "a port that is none": told("host", 1, b"0"),
    "no host": told("", 1),
    "a host that is too long": told("h" * 254, 1),
    "no text": [[b"\xff", b"1"], []],
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_no_opinion(answer: Sequence[Any]) -> None:
    with pytest.raises(ReplyInvalid, match="names no address"):
        await primary(answer)
    assert await primary(answer, told("good", 0)) == "good"


async def test_what_somebody_has_to_mend_is_told_first() -> None:
    with pytest.raises(CredentialsRefused, match="no sentinel tells: NOAUTH"):
        await primary(AWAY, CredentialsRefused("NOAUTH"), AWAY)
