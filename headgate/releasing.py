"""Lets go of everything that an install looks after, so that what is deleted later needs no Headgate.

In this order: the webhooks, so that nothing waits for them; the reconciler, which would put back what follows; the
guards and the native limits, so that nothing that stays is guarded or limited; the finalizers; the disruption budgets,
from which nobody would take a worker any more, so that no node could ever be drained; and what Headgate made for
itself, Reports included where there are any. Workers run on, and Queues and WorkerPools stay. Whatever is gone already
is fine, so it can be run again, and from outside of the cluster when the release's own job could not run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Set
from typing import Any, Final

from certs.inject import CONFIGURATIONS, configuration_name
from certs.store import NAME as CERTIFICATES
from certs.store import is_ours
from crds.meta import DRAIN_FINALIZER, GROUP, LABEL_INSTALL, LABEL_POOL_UID, QUEUE, VERSION, WORKER_POOL
from headgate.patience import Patience
from kube.client import Client, Object
from kube.errors import Conflict, Invalid, NotFound
from kube.resources import (
    DEPLOYMENTS,
    GUARD_BINDINGS,
    LEASES,
    NAMESPACES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPORTS,
    SECRETS,
    STATEFUL_SETS,
    Resource,
    custom,
)
from reconciler import reports as reports_of
from reconciler.children.names import APPLIED, MANAGED_BY
from webhooks.settings import Scope

RECONCILER: Final = "headgate-reconciler"
RECONCILER_PODS: Final = "app.kubernetes.io/name=headgate,app.kubernetes.io/component=reconciler"
FINALIZED: Final = tuple(custom(GROUP, VERSION, kind.plural, kind.kind) for kind in (QUEUE, WORKER_POOL))
GUARDS: Final = ("delete-guard", "worker-marks", "limits", "cluster-limits", "break-glass", "child-drift")
CHILDREN: Final = (DEPLOYMENTS, STATEFUL_SETS)
MANAGED: Final = f"{MANAGED_BY}=headgate"
STOP_SECONDS: Final = 60.0

Say = Callable[[str], None]


async def release(
    client: Client,
    namespace: str,
    patience: Patience,
    say: Say,
    *,
    scope: Scope = Scope.NAMESPACED,
    reports: bool = False,
) -> None:
    """Takes every step, telling each by `say`; raises ApiError when a step could not be finished in time.

    In cluster scope finalizers and budgets of all namespaces go, but for those that another install has claimed.
    """
    for kind in CONFIGURATIONS:
        await _delete(client, patience, say, kind, configuration_name(namespace))
    await _delete(client, patience, say, DEPLOYMENTS, RECONCILER, namespace)
    await _until_stopped(client, namespace, patience, say)
    everywhere = scope is Scope.CLUSTER
    claimed = await _claimed(client, patience) if everywhere else frozenset[str]()
    for guard in GUARDS:
        await _delete(client, patience, say, GUARD_BINDINGS, f"headgate-{namespace}-{guard}")
    for kind in FINALIZED:
        count = await take_off_finalizers(client, kind, None if everywhere else namespace, patience, claimed)
        say(f"{kind}: {DRAIN_FINALIZER} taken off {count}")
    await _remove_budgets(client, None if everywhere else namespace, patience, say, claimed)
    if reports:
        await remove_reports(client, namespace, patience, say, scope=scope)
    if await _certificates_are_ours(client, namespace, patience):
        await _delete(client, patience, say, SECRETS, CERTIFICATES, namespace)
    await _delete(client, patience, say, LEASES, RECONCILER, namespace)


async def remove_reports(
    client: Client, namespace: str, patience: Patience, say: Say, *, scope: Scope = Scope.NAMESPACED
) -> None:
    """Every Report of the install goes. A kind that is not there has none."""
    where, mine = (None if scope is Scope.CLUSTER else namespace), reports_of.selector(namespace)
    try:
        listing = await patience.ask(lambda: client.list(REPORTS, where, label_selector=mine, metadata_only=True))
    except NotFound:
        return
    for one in listing.items:
        await _delete(client, patience, say, REPORTS, one["metadata"]["name"], one["metadata"]["namespace"])


async def _remove_budgets(
    client: Client, namespace: str | None, patience: Patience, say: Say, spared: Set[str]
) -> None:
    """Those of pools, and before them what says on children that they were applied: whoever looks after the pools next
    is to apply them at once.
    """
    for kind in CHILDREN:
        noted = [one for one in await _of_pools(client, kind, namespace, patience, spared) if _notes(one)]
        for one in noted:
            await _forget_applied(client, kind, one["metadata"], patience)
        if noted:
            say(f"{kind}: {APPLIED} taken off {len(noted)}")
    for one in await _of_pools(client, POD_DISRUPTION_BUDGETS, namespace, patience, spared):
        metadata = one["metadata"]
        await _delete(client, patience, say, POD_DISRUPTION_BUDGETS, metadata["name"], metadata["namespace"])


async def _of_pools(
    client: Client, kind: Resource, namespace: str | None, patience: Patience, spared: Set[str]
) -> list[Object]:
    """What the reconciler has made for pools, which a label tells from everybody else's."""
    listing = await patience.ask(
        lambda: client.list(kind, namespace, label_selector=f"{MANAGED},{LABEL_POOL_UID}", metadata_only=True)
    )
    return [one for one in listing.items if one["metadata"]["namespace"] not in spared]


def _notes(child: Object) -> bool:
    return APPLIED in (child["metadata"].get("annotations") or {})


async def _forget_applied(client: Client, kind: Resource, metadata: Mapping[str, Any], patience: Patience) -> None:
    patch = {"metadata": {"uid": metadata["uid"], "annotations": {APPLIED: None}}}
    with contextlib.suppress(Conflict, NotFound):
        # Gone, or another one of its name, which notes nothing.
        await patience.ask(lambda: client.merge_patch(kind, metadata["name"], metadata["namespace"], patch))


async def _claimed(client: Client, patience: Patience) -> frozenset[str]:
    listing = await patience.ask(lambda: client.list(NAMESPACES, label_selector=LABEL_INSTALL, metadata_only=True))
    return frozenset(one["metadata"]["name"] for one in listing.items)


async def take_off_finalizers(
    client: Client, kind: Resource, namespace: str | None, patience: Patience, spared: Set[str] = frozenset()
) -> int:
    """Our finalizer off every object of a kind, in a namespace or in all but the spared; how many had it.

    A kind that is not there has no objects.
    """
    count = 0
    while True:
        try:
            listing = await patience.ask(lambda: client.list(kind, namespace))
        except NotFound:
            return count
        there = [one["metadata"] for one in listing.items if one["metadata"]["namespace"] not in spared]
        held = [metadata for metadata in there if DRAIN_FINALIZER in metadata.get("finalizers", ())]
        if not held:
            return count
        for metadata in held:
            count += await _take_off(client, kind, metadata, patience)


async def _take_off(client: Client, kind: Resource, metadata: Mapping[str, Any], patience: Patience) -> bool:
    at = f"/metadata/finalizers/{metadata['finalizers'].index(DRAIN_FINALIZER)}"
    patch = [{"op": "test", "path": at, "value": DRAIN_FINALIZER}, {"op": "remove", "path": at}]
    try:
        await patience.ask(lambda: client.json_patch(kind, metadata["name"], metadata["namespace"], patch))
    except NotFound:
        return False
    except Invalid:
        # Somebody else changed the finalizers in between; the next listing shows what is left.
        if patience.over:
            raise
        await patience.pause()
        return False
    return True


async def _until_stopped(client: Client, namespace: str, patience: Patience, say: Say) -> None:
    """Waits for the reconciler's pods to be gone, for a while: those of a lost node never are, and do nothing."""
    waiting = Patience(min(STOP_SECONDS, patience.seconds / 2), patience.clock, patience.sleep)
    while True:
        listing = await patience.ask(lambda: client.list(PODS, namespace, label_selector=RECONCILER_PODS))
        left = [one["metadata"]["name"] for one in listing.items]
        if not left:
            return
        if waiting.over:
            say(f"pods: {', '.join(left)} not gone after {waiting.seconds:g} s, going on without waiting")
            return
        await waiting.pause()


async def _certificates_are_ours(client: Client, namespace: str, patience: Patience) -> bool:
    try:
        return is_ours(await patience.ask(lambda: client.get(SECRETS, CERTIFICATES, namespace)))
    except NotFound:
        return False


async def _delete(
    client: Client, patience: Patience, say: Say, kind: Resource, name: str, namespace: str | None = None
) -> None:
    try:
        await patience.ask(lambda: client.delete(kind, name, namespace, propagation="Background"))
    except NotFound:
        return
    say(f"{kind}: {name} deleted")
