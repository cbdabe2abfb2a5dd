"""All connections of the process to brokers, shared by what has the same place and login there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from reconciler.brokers.cluster import ClusterLink
from reconciler.brokers.connect import Limits, Link
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.groups import Cluster, Sentinels, Site
from reconciler.brokers.primary import PrimaryLink

AnyLink: TypeAlias = Link | PrimaryLink | ClusterLink


class Links:
    """One link for each server, and one for each group of servers, whose connections are those of its servers."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._links: dict[Endpoint, Link] = {}
        self._groups: dict[Sentinels | Cluster, PrimaryLink | ClusterLink] = {}

    def to(self, site: Site) -> AnyLink:
        if isinstance(site, Endpoint):
            return self.get(site)
        link = self._groups.get(site)
        if link is None:
            link = self._groups[site] = self._group(site)
        return link

    def get(self, endpoint: Endpoint) -> Link:
        link = self._links.get(endpoint)
        if link is None:
            link = self._links[endpoint] = Link(endpoint, self._limits, self._clock)
        return link

    async def close_idle(self) -> None:
        """Drops the links nobody has used for five minutes, as those of a password that has been changed."""
        self._groups = {site: link for site, link in self._groups.items() if not link.idle}
        for endpoint in [endpoint for endpoint, link in self._links.items() if link.idle]:
            await self._links.pop(endpoint).close()

    async def close(self) -> None:
        for link in self._links.values():
            await link.close()
        self._links.clear()
        self._groups.clear()

    def _group(self, site: Sentinels | Cluster) -> PrimaryLink | ClusterLink:
        if isinstance(site, Sentinels):
            return PrimaryLink(site, self._limits, self._clock, self.get)
        return ClusterLink(site, self._limits, self._clock, self.get)
