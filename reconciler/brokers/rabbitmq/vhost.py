"""Reading many queues of one vhost: two listings, of queues and of consumers, whatever the number of queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from reconciler.brokers.errors import BrokerError, ReplyInvalid
from reconciler.brokers.observer import Found
from reconciler.brokers.rabbitmq.listing import (
    CONSUMERS,
    Listed,
    consumers_path,
    listed,
    questions,
    queues_path,
    unacknowledging,
)
from reconciler.brokers.rabbitmq.queue import observation
from reconciler.brokers.web.client import Client, Page

MOST_BYTES: Final = 1024 * 1024
"""Of a listing: some thousand queues, or 15,000 consumers."""


class Wanted(NamedTuple):
    """A queue and the one for its dead letters, "" where the Queue names none."""

    name: str
    dead_letters: str = ""


async def observe(client: Client, vhost: str, wanted: Sequence[Wanted], clock: Callable[[], float]) -> list[Found]:
    """What each has seen, or why it could not, in their order. `clock` stands in where the server tells no time."""
    names = {name for one in wanted for name in one if name}
    path = queues_path(vhost)
    asked = [client.get(path, query, MOST_BYTES) for query in questions(names)]
    consumers, *pages = await asyncio.gather(
        client.get(consumers_path(vhost), CONSUMERS, MOST_BYTES), *asked, return_exceptions=True
    )
    try:
        known: dict[str, Listed] = {}
        now = clock()
        for page in pages:
            if isinstance(page, BaseException):
                raise page
            known |= listed(page)
            now = page.date or now
        automatic, why = _automatic(consumers)
    except BrokerError as error:
        return [error] * len(wanted)
    return [_found(one, known, automatic, now, why) for one in wanted]


def _found(one: Wanted, known: dict[str, Listed], automatic: frozenset[str] | None, now: float, why: str) -> Found:
    try:
        return observation(one.name, one.dead_letters, known, automatic, now, why)
    except BrokerError as error:
        return error


def _automatic(page: object) -> tuple[frozenset[str] | None, str]:
    """None, and why, where the consumers are too many to be told."""
    if isinstance(page, BrokerError):
        if isinstance(page, ReplyInvalid):
            return None, f"which consumers acknowledge is not known: {page.message}"
        raise page
    if isinstance(page, BaseException):
        raise page
    assert isinstance(page, Page)  # noqa: S101 - for the type checker: all else was raised
    return unacknowledging(page), ""
