"""Where the management API of a Queue's RabbitMQ is. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from crds.v1.broker import RabbitMQ
from reconciler.brokers.addresses import WEB, Where, kept_in, parsed, where
from reconciler.brokers.endpoint import TLSOptions
from reconciler.brokers.errors import AddressInvalid
from reconciler.brokers.trust import Secret
from reconciler.brokers.web.site import Site, site

AMQP: Final = {"amqp": 5672, "amqps": 5671}
_MANAGEMENT: Final = {"amqp": ("http", 15672), "amqps": ("https", 15671)}


def site_of(rabbitmq: RabbitMQ, secret: Secret | None, options: TLSOptions | None) -> Site:
    """`managementURL`, else the plugin's usual port on the host of `url`, else on that of the connection Secret.

    What a Secret keeps for a host is meant for its management API too, at either of the plugin's usual ports.
    """
    kept = kept_in(secret, {**AMQP, **WEB}, "amqp")
    own = _own(kept) if kept is not None else set()
    if rabbitmq.management_url:
        return site(parsed(rabbitmq.management_url, "broker.rabbitmq.managementURL", WEB), secret, kept, options, own)
    address = parsed(rabbitmq.url, "broker.rabbitmq.url", AMQP) if rabbitmq.url else kept
    if address is None:
        raise AddressInvalid("neither broker.rabbitmq nor the connection Secret says where the broker is")
    return site(_management(address, secure=options is not None), secret, kept, options, own)


def _own(kept: SplitResult) -> set[Where]:
    host, port = where(kept, {**AMQP, **WEB})
    return {(host, port), *((host, management) for _, management in _MANAGEMENT.values())}


def _management(address: SplitResult, *, secure: bool) -> SplitResult:
    """The plugin beside a broker that is known by its AMQP address; `secure` where the Queue asks for TLS."""
    if address.scheme in WEB:
        return address
    scheme, port = _MANAGEMENT["amqps" if secure else address.scheme]
    host = address.hostname or ""
    return urlsplit(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")
