from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from crds.meta import LABEL_BROKER_CREDENTIALS
from reconciler.brokers import trust
from reconciler.brokers.endpoint import TLS, Endpoint, TLSOptions, resolve
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    CredentialsMissing,
    HostRefused,
    SecretNotTrusted,
)
from reconciler.brokers.trust import ANNOTATION_ALLOWED_HOSTS, Secret

LABELLED = {LABEL_BROKER_CREDENTIALS: "true"}


def secret(labels: Mapping[str, str] = LABELLED, hosts: str | None = None, **data: str) -> Secret:
    keys = {name.replace("_crt", ".crt").replace("_key", ".key"): text.encode() for name, text in data.items()}
    return Secret("redis", keys, labels, {ANNOTATION_ALLOWED_HOSTS: hosts} if hosts is not None else {})


@dataclass(frozen=True)
class Good:
    url: str
    secret: Secret | None
    want: Endpoint
    options: TLSOptions | None = None


GOOD = {
    "a URL alone": Good("redis://redis.media.svc:6380/3", None, Endpoint("redis.media.svc", 6380, 3)),
    "a URL without port and database": Good("redis://redis", None, Endpoint("redis")),
    "a URL of an IPv6 host": Good("redis://[fd00::1]:7000", None, Endpoint("fd00::1", 7000)),
    "a Secret with a URL": Good(
        "", secret(url="redis://app:p%40ss@redis:6380/2\n"), Endpoint("redis", 6380, 2, "app", "p@ss")
    ),
    "a Secret with a uri, as service bindings have it": Good(
        "", secret(uri="redis://:pw@redis"), Endpoint("redis", password="pw")
    ),
    "a Secret with a connection string": Good("", secret(connection_string="redis://redis"), Endpoint("redis")),
    "a Secret with host, port and login": Good(
        "", secret(host="redis", port="6380", username="app", password="pw"), Endpoint("redis", 6380, 0, "app", "pw")
    ),
    "a Secret with an IPv6 host": Good("", secret(host="fd00::1"), Endpoint("fd00::1")),
    "the Queue says where, the Secret who": Good(
        "redis://redis:6380/1", secret(password="pw"), Endpoint("redis", 6380, 1, "", "pw")
    ),
    "both say the same server": Good(
        "redis://redis/1", secret(url="redis://:pw@redis:6379/0"), Endpoint("redis", 6379, 1, "", "pw")
    ),
    "the Queue's server wins where the Secret lists it": Good(
        "redis://replica", secret(url="redis://:pw@redis", hosts="redis, replica"), Endpoint("replica", password="pw")
    ),
    "allowed hosts may be globs": Good(
        "redis://redis.media.svc",
        secret(password="pw", hosts="*.media.svc"),
        Endpoint("redis.media.svc", password="pw"),
    ),
    "allowed hosts may name the port": Good(
        "redis://redis:7000", secret(password="pw", hosts="redis:7000"), Endpoint("redis", 7000, password="pw")
    ),
    "rediss is TLS": Good("rediss://redis", None, Endpoint("redis", tls=TLS())),
    "broker.tls is TLS": Good(
        "redis://redis",
        None,
        Endpoint("redis", tls=TLS("CA", "", "", "redis.acme.io", False)),
        TLSOptions("CA", None, "redis.acme.io", False),
    ),
    "certificates of the connection Secret": Good(
        "rediss://redis",
        secret(ca_crt="CA", tls_crt="CRT", tls_key="KEY"),
        Endpoint("redis", tls=TLS("CA", "CRT", "KEY")),
    ),
    "a host with an authority is TLS": Good("", secret(host="redis", ca_crt="CA"), Endpoint("redis", tls=TLS("CA"))),
    "certificates of broker.tls win": Good(
        "rediss://redis",
        secret(ca_crt="CA", tls_crt="CRT", tls_key="KEY"),
        Endpoint("redis", tls=TLS("CA2", "CRT2", "KEY2")),
        TLSOptions("CA2", secret(tls_crt="CRT2", tls_key="KEY2")),
    ),
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD.keys())
def test_endpoint(case: Good) -> None:
    assert resolve(case.url, case.secret, case.options) == case.want


@dataclass(frozen=True)
class Bad:
    url: str
    secret: Secret | None
    want: type[BrokerError]
    want_words: str
    options: TLSOptions | None = field(default=None)


BAD = {
    "nobody says where": Bad("", secret(password="pw"), AddressInvalid, "neither broker.redis.url nor"),
    "a Secret without the label": Bad("redis://redis", secret({}, password="pw"), SecretNotTrusted, '"redis" is sent'),
    "a label that says false": Bad(
        "redis://redis", secret({LABEL_BROKER_CREDENTIALS: "false"}, password="pw"), SecretNotTrusted, "broker-cred"
    ),
    "a client certificate without the label": Bad(
        "redis://redis", None, SecretNotTrusted, "labelled", TLSOptions(client=secret({}, tls_crt="C", tls_key="K"))
    ),
    "a client certificate without its key": Bad(
        "redis://redis", None, CredentialsMissing, "tls.key", TLSOptions(client=secret(tls_crt="C"))
    ),
    "another host than allowed": Bad(
        "redis://evil", secret(password="pw", hosts="redis.media.svc"), HostRefused, "not for evil:6379"
    ),
    "a Secret with a list that is empty": Bad("redis://redis", secret(password="pw", hosts=""), HostRefused, "not for"),
    "a Secret's own URL off its own list": Bad("", secret(url="redis://redis", hosts="other"), HostRefused, "not for"),
    "another server than the Secret's": Bad(
        "redis://evil", secret(url="redis://:pw@redis"), HostRefused, "not for evil:6379"
    ),
    "another port than the Secret's": Bad(
        "redis://redis:1", secret(url="redis://:pw@redis"), HostRefused, "not for redis:1"
    ),
    "another scheme": Bad("", secret(url="https://redis"), AddressInvalid, "must begin with redis:// or rediss://"),
    "a socket of the node": Bad("unix:///run/redis.sock", None, AddressInvalid, "must begin with"),
    "no host": Bad("", secret(url="redis://:pw@/0"), AddressInvalid, "names no host"),
    "a port that is none": Bad("", secret(url="redis://:pw@redis:70000"), AddressInvalid, "malformed"),
    "a password that should have been quoted": Bad(
        "", secret(url="redis://app:a:s/x@redis"), AddressInvalid, "malformed"
    ),
    "a database that is none": Bad("redis://redis/jobs", None, AddressInvalid, "number of a database"),
    "a Secret that is not text": Bad("", Secret("redis", {"url": b"\xff"}, LABELLED), CredentialsMissing, "not text"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_refused(case: Bad) -> None:
    with pytest.raises(case.want) as caught:
        resolve(case.url, case.secret, case.options)
    assert case.want_words in caught.value.message
    assert len(caught.value.message) <= 200
    assert "pw" not in caught.value.message
    assert "a:s" not in caught.value.message


def test_an_endpoint_does_not_print_its_secrets() -> None:
    endpoint = resolve("rediss://redis", secret(password="hunter22", tls_crt="CRT", tls_key="KEY!"))
    assert "hunter22" not in repr(endpoint)
    assert "KEY!" not in repr(endpoint)


LOCAL = [
    "localhost",
    "LOCALHOST.",
    "redis.localhost",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "0.0.0.0",  # noqa: S104 - nobody binds to it
    "::",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.1",
]


def refused(check: Callable[[], None]) -> bool:
    try:
        check()
    except HostRefused:
        return True
    return False


@pytest.mark.parametrize("host", LOCAL)
def test_local_hosts_are_refused(host: str) -> None:
    assert refused(lambda: trust.refuse_local_name(host))


@pytest.mark.parametrize(
    "host", ["redis", "redis.media.svc", "10.0.0.1", "192.168.1.1", "fd00::1", "localhost.acme.io"]
)
def test_other_hosts_are_not(host: str) -> None:
    assert not refused(lambda: trust.refuse_local_name(host))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1%2", None])
def test_a_name_that_leads_to_a_local_address_is_refused(address: str | None) -> None:
    assert refused(lambda: trust.refuse_local_address("redis.evil.io", address))


def test_a_secret_is_read_as_the_api_serves_it() -> None:
    obj = {
        "metadata": {"name": "redis", "labels": LABELLED},
        "data": {"password": base64.b64encode(b"pw\n").decode()},
    }
    assert Secret.of(obj).text("password") == "pw"
    assert Secret.of({"metadata": {"name": "empty"}}).data == {}
