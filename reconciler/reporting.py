"""The leader's Reports, kept beside the keys where they were asked for: one for each namespace with policies.

They are looked at once a minute. Nothing is written that stands there already, also after a restart, and a report that
somebody else changed or removed is put back. A cluster without the kind is told so in log and metric, and asked again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from crds import meta
from kube.errors import ApiError, NotFound
from kube.resources import REPORTS, Resource
from policies import RuleFaultError
from reconciler import metrics, reports
from reconciler.context import Context
from reconciler.process import NAME, Background
from reconciler.reports import Judged
from reconciler.settings import Scope, Settings

SLICE_SECONDS: Final = 0.005

log = logging.getLogger(__name__)


def background(settings: Settings) -> tuple[Background, ...]:
    """What the leader does about Reports; nothing where nobody asked for them."""
    return (_keep,) if settings.reports else ()


async def _keep(context: Context) -> None:
    kept = Reports(context)
    while True:
        await kept.look()
        await asyncio.sleep(context.settings.report_every)


@dataclass(slots=True)
class Reports:
    """`_known` holds what stands in the cluster, by namespace: the resourceVersion and what it says."""

    _context: Context
    kind: Resource = REPORTS
    _known: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    _said: str = ""

    async def look(self) -> None:
        """Make the cluster's reports say what the policies say now. Never raises what the API server answers."""
        try:
            await self._write()
        except NotFound:
            self._tell(f"the cluster has no kind {self.kind}: install the CustomResourceDefinitions of openreports.io")
        except (ApiError, RuleFaultError) as error:
            self._tell(f"reports cannot be kept: {error}")
        else:
            self._tell("")

    def _tell(self, trouble: str) -> None:
        """Once for each change, and as long as it lasts in the metric."""
        self._context.metrics.set(metrics.REPORTS_FAILING, value=1 if trouble else 0)
        if trouble and trouble != self._said:
            log.warning("%s", trouble)
        self._said = trouble

    @property
    def _where(self) -> str | None:
        return self._install if self._context.settings.scope is Scope.NAMESPACED else None

    @property
    def _install(self) -> str:
        return self._context.namespace

    async def _write(self) -> None:
        await self._learn()
        judged = await self._judged()
        for namespace in sorted(self._known.keys() | judged.keys()):
            wanted = reports.report(self._install, namespace, judged.get(namespace, ()))
            _, stands = self._known.get(namespace, ("", None))
            if wanted is None:
                await self._remove(namespace)
            elif stands != reports.content(wanted):
                written = await self._context.client.apply(self.kind, wanted, NAME)
                # Not what came back: an older kind may have left out a field, and would be written for ever.
                self._known[namespace] = (written["metadata"]["resourceVersion"], reports.content(wanted))
                self._context.metrics.add(metrics.REPORT_WRITES)

    async def _learn(self) -> None:
        """What stands there; read as a whole only where it is not what this process wrote."""
        client, selector = self._context.client, reports.selector(self._install)
        listing = await client.list(self.kind, self._where, label_selector=selector, metadata_only=True)
        standing: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for one in listing.items:
            metadata = one["metadata"]
            if metadata["name"] != reports.name(self._install):
                continue
            namespace, version = metadata["namespace"], metadata["resourceVersion"]
            if self._known.get(namespace, ("",))[0] != version:
                found = await client.get(self.kind, metadata["name"], namespace)
                self._known[namespace] = (found["metadata"]["resourceVersion"], reports.content(found))
            standing[namespace] = self._known[namespace]
        self._known = standing

    async def _judged(self) -> Mapping[str, list[Judged]]:
        """Every stored object with what the policies say of it, by namespace; in slices: keys are worked meanwhile."""
        context, found = self._context, defaultdict[str, list[Judged]](list)
        began = context.monotonic()
        for kind in (meta.QUEUE.kind, meta.WORKER_POOL.kind):
            for obj in context.store.unclaimed(kind, self._where):
                if "deletionTimestamp" in obj["metadata"]:
                    continue
                said = context.compliance.of(obj, context.snapshot, context.clock(), context.monotonic())
                found[obj["metadata"]["namespace"]].append((obj, said))
                if context.monotonic() - began > SLICE_SECONDS:
                    await asyncio.sleep(0)
                    began = context.monotonic()
        return found

    async def _remove(self, namespace: str) -> None:
        with suppress(NotFound):
            await self._context.client.delete(self.kind, reports.name(self._install), namespace)
        self._known.pop(namespace, None)
