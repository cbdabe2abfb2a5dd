"""The server, or the several servers, that are one Redis: where to begin, and what is said to whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from crds.v1.broker import Redis
from reconciler.brokers import endpoint
from reconciler.brokers.endpoint import Endpoint, TLSOptions
from reconciler.brokers.trust import Reach, Secret


@dataclass(frozen=True, slots=True)
class Sentinels:
    """A primary that sentinels know by name; equal ones share connections. `asked` are logins at the sentinels, `login`
    is the one at whom they name.
    """

    master: str
    asked: tuple[Endpoint, ...]
    login: Endpoint
    reach: Reach

    def primary(self, host: str, port: int) -> Endpoint:
        """The login at a server that sentinels have named, which the Secret has to be for like any other."""
        self.reach.require(host, port)
        return replace(self.login, host=host, port=port)


Site: TypeAlias = Endpoint | Sentinels
"""Where a broker is, and how to speak to it."""


def site(redis: Redis, secret: Secret | None, options: TLSOptions | None = None) -> Site:
    """Where a Queue and its Secrets say that their Redis is."""
    if redis.sentinel is not None:
        return sentinels(redis.sentinel.master_name, redis.sentinel.addresses, secret, options)
    return endpoint.resolve(redis.url or "", secret, options)


def sentinels(
    master: str, addresses: Sequence[str], secret: Secret | None, options: TLSOptions | None = None
) -> Sentinels:
    """Sentinels have the same login as the primary, where the Secret keeps no other for them."""
    login, reach = endpoint.login(secret, options)
    own = replace(login, db=0)
    if secret is not None and (password := secret.text("sentinelPassword")):
        own = replace(own, username=secret.text("sentinelUsername"), password=password)
    return Sentinels(master, _at(addresses, own, reach), login, reach)


def _at(addresses: Sequence[str], login: Endpoint, reach: Reach) -> tuple[Endpoint, ...]:
    places = sorted(map(_where, addresses))
    for place in places:
        reach.require(*place)
    return tuple(replace(login, host=host, port=port) for host, port in places)


def _where(address: str) -> tuple[str, int]:
    """`host:port`, in a form that the API has checked."""
    host, _, port = address.rpartition(":")
    return host.strip("[]").lower(), int(port)
