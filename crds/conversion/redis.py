"""The broker of a Queue, as far as v1beta1 has words for it: one Redis, or the nodes of a Redis Cluster.

Every other broker, and every other way to say where it is, stays in v1 alone: v1beta1 then has no `redis` at all.
"""

from __future__ import annotations

import re
from typing import Any, Final

from crds.conversion import trees
from crds.conversion.lens import Lens, Values, group
from crds.conversion.trees import NOTHING, Tree
from crds.patterns import matches
from crds.v1.scalars import HOST_PORT

LAYOUT: Final = "GoRedisWorkQueue"
PASSWORD: Final = "password"  # noqa: S105 - the name of a key in a Secret
_URL: Final = re.compile(
    r"redis(?P<tls>s?)://(?P<host>[^/?@:\[]+|\[[^\]/]*\])(?::(?P<port>[0-9]{1,5}))?(?:/(?P<db>[0-9]*))?"
)


def address_to_beta(hub: Values) -> Values:
    """{url, cluster} as {addresses, database, tls}."""
    nodes = hub.get("cluster")
    if "cluster" in hub:
        said = "url" not in hub and type(nodes) is list and nodes and all(_is_address(node) for node in nodes)
        return {"addresses": list(nodes or ())} if said else {}
    found = _URL.match(hub["url"]) if type(hub.get("url")) is str else None
    if found is None:
        return {}
    address = f"{found['host']}:{found['port'] or 6379}"
    if not _is_address(address):
        return {}
    made: dict[str, Any] = {"addresses": [address]}
    if found["db"] and len(found["db"]) <= 5:
        made["database"] = int(found["db"])
    if found["tls"]:
        made["tls"] = True
    return made


def address_to_hub(beta: Values) -> Values:
    """{addresses, database, tls} as {url} or {cluster}; a cluster has one database, and no scheme to ask for TLS."""
    addresses, database = beta.get("addresses"), beta.get("database")
    if type(addresses) is not list or not addresses or not all(type(one) is str for one in addresses):
        return {}
    if len(addresses) > 1:
        return {"cluster": list(addresses)}
    scheme = "rediss" if beta.get("tls") is True else "redis"
    return {"url": f"{scheme}://{addresses[0]}" + (f"/{database}" if type(database) is int else "")}


def _is_address(text: Any) -> bool:
    return type(text) is str and len(text) <= 259 and matches(HOST_PORT, text)


def secret_to_beta(hub: Values) -> Values:
    return {"name": hub["name"], "key": PASSWORD} if type(hub.get("name")) is str else {}


def secret_to_hub(beta: Values) -> Values:
    return {"name": beta["name"]} if "name" in beta else {}


def speaks_of(spec: Tree) -> bool:
    """Whether v1beta1 can say where the broker of this spec of v1 is."""
    broker = spec.get("broker")
    redis = broker.get("redis") if type(broker) is dict else None
    if type(broker) is not dict or type(redis) is not dict:
        return False
    if type(trees.get(broker, ("connectionSecretRef", "name"))) is str:
        return True
    cluster = trees.get(redis, ("cluster", "addresses"))
    values = {
        name: value for name, value in (("url", redis.get("url")), ("cluster", cluster)) if value not in (None, NOTHING)
    }
    return bool(address_to_beta(values))


class Layout:
    """Whoever writes a Redis in v1beta1 means the layout of go-redis-work-queue; any other comes from v1 and stays."""

    name: Final = "broker.redis.layout"
    _where: Final = ("broker", "redis", "layout")

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        layout = trees.take(hub, self._where)
        meant = {"layout": LAYOUT} if "redis" in beta else {}
        given = {} if layout is NOTHING else {"layout": layout}
        return NOTHING if given == meant else given

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        redis = original.get("redis")
        meant = {"layout": LAYOUT} if type(redis) is dict and redis else {}
        given = saved if type(saved) is dict else meant
        if "layout" in given:
            trees.put(hub, self._where, given["layout"])
        return NOTHING


LENSES: Final[tuple[Lens, ...]] = (
    group(
        "broker.redis.url",
        {"url": "broker.redis.url", "cluster": "broker.redis.cluster.addresses"},
        {"addresses": "redis.addresses", "database": "redis.database", "tls": "redis.tls.enabled"},
        address_to_beta,
        address_to_hub,
        speaks_of,
    ),
    group(
        "broker.connectionSecretRef",
        {"name": "broker.connectionSecretRef.name"},
        {"name": "redis.passwordSecret.name", "key": "redis.passwordSecret.key"},
        secret_to_beta,
        secret_to_hub,
        speaks_of,
    ),
    group(
        "broker.tls",
        {"ca": "broker.tls.caSecretRef", "skip": "broker.tls.insecureSkipVerify"},
        {"ca": "redis.tls.caSecret", "skip": "redis.tls.insecureSkipVerify"},
        dict,
        dict,
        speaks_of,
    ),
    Layout(),
)
