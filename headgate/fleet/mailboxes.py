"""The way from a command to a queue's dead letters: through the Queue, its Secret and the broker itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crds.v1 import QueueSpec
from headgate.fleet.session import Cluster
from headgate.fleet.targets import Target
from kube.client import Object
from kube.resources import SECRETS
from policies import layouts
from reconciler.brokers.access import Brokers
from reconciler.brokers.connect import Limits
from reconciler.brokers.dead_letters.box import Box
from reconciler.brokers.links import Links


class Refused(Exception):  # noqa: N818 - named as what happened
    """The queue is none whose dead letters may be asked for so; the message says why, and what to do."""


def judge(queue: Object, *, writes: bool) -> None:
    """Raises Refused."""
    spec = queue["spec"]
    if not layouts.read_by_workers(spec):
        raise Refused(
            f"spec.broker.redis.layout is {layouts.layout(spec) or 'not set'}: its own tools know its dead letters"
        )
    if writes and spec.get("management", "Observe") != "Manage":
        raise Refused("spec.management is Observe, so nothing is written to its broker: set it to Manage first")


async def box(cluster: Cluster, target: Target, queue: Object, address: str) -> tuple[Box, Brokers | Links]:
    """The dead letters, and the connections to close in the end. `address` is `host:port` of a forwarded port, which
    stands for the primary where sentinels would name it.
    """

    async def read_secret(namespace: str, name: str) -> Mapping[str, Any]:
        return await cluster.client.get(SECRETS, name, namespace)

    spec = QueueSpec.model_validate(queue["spec"])
    limits = Limits(connect_seconds=5, answer_seconds=10, allow_local=True)
    brokers = Brokers(read_secret, limits, time.monotonic, time.time)
    found = await brokers.link(queue["metadata"]["namespace"], spec.broker)
    if not address:
        return Box.of(found, target.name, spec), brokers
    host, _, port = address.rpartition(":")
    links = Links(limits, time.monotonic)
    forwarded = replace(found.endpoint, host=host, port=int(port))
    return Box.of(links.get(forwarded), target.name, spec), links
