"""Whom the sentinels hold to be the primary.

All are asked at once, and when more than half have answered nobody waits for the rest. Of what they say the newest
counts, by the epoch in which they agreed on it: a sentinel that was cut off still names the primary of before. They see
a password only where they ask for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from redis.exceptions import ResponseError

from reconciler.brokers import refusals
from reconciler.brokers.connect import Link
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import AddressInvalid, BrokerError, CredentialsRefused, ReplyInvalid
from reconciler.brokers.groups import Sentinels

LinkTo: TypeAlias = Callable[[Endpoint], Link]
HOST_LENGTH: Final = 253
EPOCH_DIGITS: Final = 20
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True, order=True)
class Opinion:
    """One sentinel's; `epoch` counts the failovers it knows of."""

    epoch: int
    host: str
    port: int


async def primary(group: Sentinels, link_to: LinkTo) -> Endpoint:
    """Raises `BrokerError` where no sentinel knows, or where the primary is none that may be spoken to."""
    opinions: list[Opinion] = []
    errors: list[BrokerError] = []
    asking = [asyncio.create_task(_asked(sentinel, group.master, link_to)) for sentinel in group.asked]
    try:
        for answer in asyncio.as_completed(asking):
            try:
                opinions.append(await answer)
            except BrokerError as error:
                errors.append(error)
            if len(opinions) > len(asking) // 2:
                break
    finally:
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    if not opinions:
        # What somebody has to mend is worth more than who is away.
        worst = min(errors, key=lambda error: error.passes)
        raise type(worst)(f"no sentinel tells: {worst.message}")
    newest = max(opinions)
    return group.primary(newest.host, newest.port)


async def _asked(sentinel: Endpoint, master: str, link_to: LinkTo) -> Opinion:
    stranger = replace(sentinel, username="", password="")
    try:
        return await _opinion(link_to(stranger), master)
    except CredentialsRefused:
        if sentinel == stranger:
            raise
    return await _opinion(link_to(sentinel), master)


async def _opinion(link: Link, master: str) -> Opinion:
    """The address is the newest a sentinel knows, also while it is still failing over; the epoch is only told beside
    the rest, which a user of the sentinel may not be allowed to see.
    """
    address, facts = await link.ask(("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master), ("SENTINEL", "MASTER", master))
    where = f"{link.endpoint.host}:{link.endpoint.port}"
    if isinstance(address, ResponseError):
        raise refusals.of_reply(address, f"SENTINEL at {where}", link.endpoint)
    if address is None:
        raise AddressInvalid(f'the sentinel {where} knows no primary "{master}"')
    host, port = _address(address, where)
    return Opinion(_epoch(facts), host, port)


def _address(reply: Any, where: str) -> tuple[str, int]:
    try:
        host, port = (part.decode("ascii").lower() for part in reply)
        if 0 < len(host) <= HOST_LENGTH and int(port) in _PORTS:
            return host, int(port)
    except (TypeError, ValueError, AttributeError):
        pass
    raise ReplyInvalid(f"the sentinel {where} names no address of a primary")


def _epoch(facts: Any) -> int:
    pairs = zip(facts[::2], facts[1::2], strict=False) if isinstance(facts, list) else ()
    epoch = next((value for name, value in pairs if name == b"config-epoch"), b"")
    return int(epoch) if isinstance(epoch, bytes) and epoch.isdigit() and len(epoch) <= EPOCH_DIGITS else 0
