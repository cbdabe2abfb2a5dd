"""Where a Queue's Prometheus is, and what of a Secret is sent there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from crds.meta import LABEL_BROKER_CREDENTIALS
from reconciler.brokers.endpoint import TLS, TLSOptions
from reconciler.brokers.errors import AddressInvalid, BrokerError, HostRefused, SecretNotTrusted
from reconciler.brokers.prometheus.address import site_of
from reconciler.brokers.trust import ANNOTATION_ALLOWED_HOSTS, Secret
from reconciler.brokers.web.site import Site

PLAIN = "http://prometheus.monitoring.svc:9090"
TRUSTED = {LABEL_BROKER_CREDENTIALS: "true"}


def secret(allowed: str = "", labels: Mapping[str, str] = TRUSTED, **data: str) -> Secret:
    annotations = {ANNOTATION_ALLOWED_HOSTS: allowed} if allowed else {}
    keys = {key.replace("_", "."): text.encode() for key, text in data.items()}
    return Secret("prometheus", keys, labels, annotations)


@pytest.mark.parametrize(
    ("url", "held", "options", "want"),
    [
        pytest.param(PLAIN, None, None, Site("prometheus.monitoring.svc", 9090), id="no Secret"),
        pytest.param("https://p.io/tenant/", None, None, Site("p.io", 443, "/tenant", tls=TLS()), id="under a path"),
        pytest.param(
            "https://p.io",
            secret(username="me", password="pw", ca_crt="CA"),
            None,
            Site("p.io", 443, "", "me", "pw", TLS("CA")),
            id="a login and an authority",
        ),
        pytest.param(
            "https://p.io",
            secret("p.io", url="https://me:pw@elsewhere.io"),
            TLSOptions("CA", server_name="p"),
            Site("p.io", 443, "", "me", "pw", TLS("CA", server_name="p")),
            id="a Secret for another host that lists this one",
        ),
    ],
)
def test_a_site(url: str, held: Secret | None, options: TLSOptions | None, want: Site) -> None:
    assert site_of(url, held, options) == want


@pytest.mark.parametrize(
    ("url", "held", "options", "kind", "want"),
    [
        pytest.param(
            PLAIN, secret(labels={}, password="pw"), None, SecretNotTrusted, "is sent nowhere", id="not meant for it"
        ),
        pytest.param(
            PLAIN,
            secret(url="https://me:pw@p.io"),
            None,
            HostRefused,
            "is not for prometheus.monitoring.svc:9090",
            id="a Secret for another host",
        ),
        pytest.param(
            PLAIN, secret("p.io", password="pw"), None, HostRefused, "is not for prometheus", id="another host listed"
        ),
        pytest.param(
            PLAIN, None, TLSOptions("CA"), AddressInvalid, "has to begin with https://", id="TLS without https"
        ),
        pytest.param("http://p.io/?q=1", None, None, AddressInvalid, "must end with its path", id="a query"),
        pytest.param("http://p.io:port", None, None, AddressInvalid, "is malformed", id="a port that is none"),
        pytest.param(
            PLAIN, secret(url="redis://r"), None, AddressInvalid, "must begin with http:// or https://", id="a Redis"
        ),
    ],
)
def test_no_site(url: str, held: Secret | None, options: TLSOptions | None, kind: type[BrokerError], want: str) -> None:
    with pytest.raises(kind, match=want):
        site_of(url, held, options)


def test_a_site_shows_no_password() -> None:
    assert "pw" not in repr(site_of(PLAIN, secret(username="me", password="pw"), None))
