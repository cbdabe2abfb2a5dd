"""Where a Queue's management API is, and what of a Secret is sent there."""

from __future__ import annotations

from typing import Any

import pytest

from crds.meta import LABEL_BROKER_CREDENTIALS
from crds.v1.broker import RabbitMQ
from reconciler.brokers.endpoint import TLS, TLSOptions
from reconciler.brokers.errors import AddressInvalid, BrokerError, HostRefused
from reconciler.brokers.rabbitmq.address import site_of
from reconciler.brokers.trust import ANNOTATION_ALLOWED_HOSTS, Secret
from reconciler.brokers.web.site import Site


def secret(allowed: str = "", **data: str) -> Secret:
    annotations = {ANNOTATION_ALLOWED_HOSTS: allowed} if allowed else {}
    keys = {key.replace("_crt", ".crt"): text.encode() for key, text in data.items()}
    return Secret("orders", keys, {LABEL_BROKER_CREDENTIALS: "true"}, annotations)


OPERATORS = secret(
    host="orders.shop.svc",
    port="5672",
    username="u",
    password="p",
    connection_string="amqp://u:p@orders.shop.svc:5672/",
)
"""As RabbitMQ's cluster operator makes it."""


@pytest.mark.parametrize(
    ("fields", "held", "options", "want"),
    [
        pytest.param({"url": "amqp://mq"}, None, None, Site("mq", 15672), id="beside the broker"),
        pytest.param({"url": "amqps://mq:5671"}, None, None, Site("mq", 15671, tls=TLS()), id="beside one with TLS"),
        pytest.param({"url": "amqp://[fd00::7]:5672"}, None, None, Site("fd00::7", 15672), id="of the sixth version"),
        pytest.param({}, OPERATORS, None, Site("orders.shop.svc", 15672, "", "u", "p"), id="where the Secret says"),
        pytest.param(
            {},
            secret(url="amqp://u:p%40ss@mq:5672/shop?heartbeat=30"),
            None,
            Site("mq", 15672, "", "u", "p@ss"),
            id="with settings of the other protocol",
        ),
        pytest.param(
            {},
            OPERATORS,
            TLSOptions("CA"),
            Site("orders.shop.svc", 15671, "", "u", "p", TLS("CA")),
            id="there, with the Queue's TLS",
        ),
        pytest.param(
            {},
            secret(host="mq", username="u", password="p", ca_crt="CA"),
            None,
            Site("mq", 15671, "", "u", "p", TLS("CA")),
            id="there, with the Secret's authority",
        ),
        pytest.param(
            {"managementURL": "https://orders.shop.svc:15671/mq/"},
            OPERATORS,
            None,
            Site("orders.shop.svc", 15671, "/mq", "u", "p", TLS()),
            id="where the Queue says",
        ),
        pytest.param(
            {"managementURL": "http://ui.shop.svc"},
            secret("*.shop.svc", host="orders.shop.svc", username="u", password="p"),
            None,
            Site("ui.shop.svc", 80, "", "u", "p"),
            id="elsewhere, where the Secret lists it",
        ),
    ],
)
def test_a_site(fields: dict[str, Any], held: Secret | None, options: TLSOptions | None, want: Site) -> None:
    assert site_of(RabbitMQ.model_validate(fields), held, options) == want


@pytest.mark.parametrize(
    ("fields", "held", "kind", "want"),
    [
        pytest.param({"url": "amqp://evil"}, OPERATORS, HostRefused, "is not for evil:15672", id="another broker"),
        pytest.param(
            {"managementURL": "http://orders.shop.svc:8080"},
            OPERATORS,
            HostRefused,
            "is not for orders.shop.svc:8080",
            id="another port of its host",
        ),
        pytest.param({}, None, AddressInvalid, "neither broker.rabbitmq nor the connection Secret", id="nowhere"),
        pytest.param({}, secret(url="redis://r"), AddressInvalid, "must begin with amqp://", id="a Redis"),
    ],
)
def test_no_site(fields: dict[str, Any], held: Secret | None, kind: type[BrokerError], want: str) -> None:
    with pytest.raises(kind, match=want):
        site_of(RabbitMQ.model_validate(fields), held, None)
