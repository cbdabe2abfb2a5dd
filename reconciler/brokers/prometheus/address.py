"""Where the Prometheus of a Queue is. Pure."""

from __future__ import annotations

from reconciler.brokers.addresses import WEB, kept_in, parsed, where
from reconciler.brokers.endpoint import TLSOptions
from reconciler.brokers.trust import Secret
from reconciler.brokers.web.site import Site, site


def site_of(url: str, secret: Secret | None, options: TLSOptions | None) -> Site:
    """The server at `broker.prometheus.url`, with what the connection Secret holds for it."""
    kept = kept_in(secret, WEB, "http")
    own = {where(kept, WEB)} if kept is not None else set()
    return site(parsed(url, "broker.prometheus.url", WEB), secret, kept, options, own)
