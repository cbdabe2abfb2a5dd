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
class Group:
    """Equal ones share connections. `entrances` are logins at the servers that the Queue names, `login` is the one at
    those whom they name.
    """

    entrances: tuple[Endpoint, ...]
    login: Endpoint
    reach: Reach

    def named(self, host: str, port: int) -> Endpoint:
        """The login at a server that others have named, which the Secret has to be for like any other."""
        self.reach.require(host, port)
        return replace(self.login, host=host, port=port)


@dataclass(frozen=True, slots=True)
class Sentinels(Group):
    """Those who know a primary as `master`."""

    master: str


class Cluster(Group):
    """Some nodes of a Redis Cluster."""

    __slots__ = ()


Site: TypeAlias = Endpoint | Sentinels | Cluster
"""Where a broker is, and how to speak to it."""


def site(redis: Redis, secret: Secret | None, options: TLSOptions | None = None) -> Site:
    """Where a Queue and its Secrets say that their Redis is."""
    if redis.sentinel is not None:
        return sentinels(redis.sentinel.master_name, redis.sentinel.addresses, secret, options)
    if redis.cluster is not None:
        return cluster(redis.cluster.addresses, secret, options)
    return endpoint.resolve(redis.url or "", secret, options)


def sentinels(
    master: str, addresses: Sequence[str], secret: Secret | None, options: TLSOptions | None = None
) -> Sentinels:
    """Sentinels have the same login as the primary, where the Secret keeps no other for them."""
    login, reach = endpoint.login(secret, options)
    own = replace(login, db=0)
    if secret is not None and (password := secret.text("sentinelPassword")):
        own = replace(own, username=secret.text("sentinelUsername"), password=password)
    return Sentinels(_at(addresses, own, reach), login, reach, master)


def cluster(addresses: Sequence[str], secret: Secret | None, options: TLSOptions | None = None) -> Cluster:
    """A cluster has one database only."""
    login, reach = endpoint.login(secret, options)
    login = replace(login, db=0)
    return Cluster(_at(addresses, login, reach), login, reach)


def _at(addresses: Sequence[str], login: Endpoint, reach: Reach) -> tuple[Endpoint, ...]:
    places = sorted(map(_where, addresses))
    for place in places:
        reach.require(*place)
    return tuple(replace(login, host=host, port=port) for host, port in places)


def _where(address: str) -> tuple[str, int]:
    """`host:port`, in a form that the API has checked."""
    host, _, port = address.rpartition(":")
    return host.strip("[]").lower(), int(port)
