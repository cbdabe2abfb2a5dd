"""Following a rollout to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from crds import meta
from headgate.fleet import rollouts
from headgate.fleet.session import Cluster
from headgate.fleet.targets import Target
from headgate.fleet.telling import Teller
from headgate.patience import Patience
from kube.client import Object
from reconciler.children.workload import resource_of

POLL_SECONDS: Final = 1.0
NOT_DONE: Final = 1


async def follow(
    cluster: Cluster,
    target: Target,
    patience: Patience,
    teller: Teller,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """0 when the newest revision alone serves, 1 when it failed or the time is up."""
    while True:
        pool = await patience.ask(lambda: cluster.get(target))
        seen = rollouts.progress(pool, await children(cluster, pool, patience))
        if seen is None:
            teller.progress("waiting for the reconciler to see it", {"done": False})
        else:
            teller.progress(seen.line, seen.as_dict())
            if seen.done or seen.failed:
                return NOT_DONE if seen.failed else 0
        if patience.over:
            teller.say(f"not done after {patience.seconds:g} s; the rollout goes on", {"done": False})
            return NOT_DONE
        await sleep(POLL_SECONDS)


async def children(cluster: Cluster, pool: Object, patience: Patience) -> Sequence[Object]:
    found = await patience.ask(
        lambda: cluster.client.list(
            resource_of(pool["spec"]), cluster.namespace, f"{meta.LABEL_POOL_UID}={pool['metadata']['uid']}"
        )
    )
    return found.items
