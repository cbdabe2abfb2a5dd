"""Whom the sentinels hold to be the primary. They see a password only where they ask for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from redis.exceptions import ResponseError

from reconciler.brokers import opinions, refusals
from reconciler.brokers.connect import Link
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import AddressInvalid, CredentialsRefused, ReplyInvalid
from reconciler.brokers.group_link import LinkTo
from reconciler.brokers.groups import Sentinels
from reconciler.brokers.opinions import Opinion

HOST_LENGTH: Final = 253
_PORTS: Final = range(1, 65536)


async def primary(group: Sentinels, link_to: LinkTo) -> Endpoint:
    """Raises `BrokerError` where no sentinel knows, or where the primary is none that may be spoken to."""
    asked = [_asked(sentinel, group.master, link_to) for sentinel in group.entrances]
    return group.named(*await opinions.newest(asked, "no sentinel tells"))


async def _asked(sentinel: Endpoint, master: str, link_to: LinkTo) -> Opinion[tuple[str, int]]:
    stranger = replace(sentinel, username="", password="")
    try:
        return await _opinion(link_to(stranger), master)
    except CredentialsRefused:
        if sentinel == stranger:
            raise
    return await _opinion(link_to(sentinel), master)


async def _opinion(link: Link, master: str) -> Opinion[tuple[str, int]]:
    """The address is the newest a sentinel knows, also while it is still failing over; the epoch is only told beside
    the rest, which a user of the sentinel may not be allowed to see.
    """
    address, facts = await link.ask(("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master), ("SENTINEL", "MASTER", master))
    where = f"{link.endpoint.host}:{link.endpoint.port}"
    if isinstance(address, ResponseError):
        raise refusals.of_reply(address, f"SENTINEL at {where}", link.endpoint)
    if address is None:
        raise AddressInvalid(f'the sentinel {where} knows no primary "{master}"')
    return Opinion(_epoch(facts), _address(address, where))


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
    return opinions.epoch(next((value for name, value in pairs if name == b"config-epoch"), b""))
