"""Several servers that are one broker: what is said to which of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from reconciler.brokers import groups
from reconciler.brokers.endpoint import TLS, Endpoint, TLSOptions
from reconciler.brokers.errors import BrokerError, HostRefused, SecretNotTrusted
from reconciler.brokers.trust import Secret
from tests.reconciler.brokers.test_trust import secret

ADDRESSES = ("S-1:26379", "[fd00::1]:26380")


@dataclass(frozen=True)
class Good:
    secret: Secret | None
    want_sentinel: Endpoint
    want_primary: Endpoint
    options: TLSOptions | None = None


GOOD = {
    "nobody asks for anything": Good(None, Endpoint("s-1", 26379), Endpoint("redis", 6380)),
    "one login for all": Good(
        secret(username="app", password="pw"),
        Endpoint("s-1", 26379, 0, "app", "pw"),
        Endpoint("redis", 6380, 0, "app", "pw"),
    ),
    "a login of the sentinels": Good(
        secret(username="app", password="pw", sentinelPassword="pw2"),
        Endpoint("s-1", 26379, 0, "", "pw2"),
        Endpoint("redis", 6380, 0, "app", "pw"),
    ),
    "the database of the Secret's URL": Good(
        secret(url="redis://:pw@redis:6380/3", hosts="s-1 fd00::1 redis"),
        Endpoint("s-1", 26379, 0, "", "pw"),
        Endpoint("redis", 6380, 3, "", "pw"),
    ),
    "a Secret that lists them all": Good(
        secret(password="pw", hosts="s-1:26379 fd00::1 redis:6380"),
        Endpoint("s-1", 26379, 0, "", "pw"),
        Endpoint("redis", 6380, 0, "", "pw"),
    ),
    "certificates in the Secret are TLS": Good(
        secret(ca_crt="CA"), Endpoint("s-1", 26379, tls=TLS("CA")), Endpoint("redis", 6380, tls=TLS("CA"))
    ),
    "a plain URL in the Secret is none": Good(
        secret(url="redis://redis", ca_crt="CA", hosts="*"), Endpoint("s-1", 26379), Endpoint("redis", 6380)
    ),
    "broker.tls is for all": Good(
        None,
        Endpoint("s-1", 26379, tls=TLS(server_name="redis.acme.io")),
        Endpoint("redis", 6380, tls=TLS(server_name="redis.acme.io")),
        TLSOptions(server_name="redis.acme.io"),
    ),
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD.keys())
def test_sentinels(case: Good) -> None:
    found = groups.sentinels("jobs", ADDRESSES, case.secret, case.options)
    other = replace(case.want_sentinel, host="fd00::1", port=26380)
    assert set(found.entrances) == {case.want_sentinel, other}
    assert found.named("redis", 6380) == case.want_primary


def test_the_order_of_the_addresses_makes_no_other_group() -> None:
    one, two = (groups.sentinels("jobs", addresses, None) for addresses in (ADDRESSES, ADDRESSES[::-1]))
    assert one == two


BAD: dict[str, tuple[Secret, type[BrokerError]]] = {
    "a Secret without the label": (secret({}, password="pw"), SecretNotTrusted),
    "a sentinel that is not listed": (secret(password="pw", hosts="s-1 redis"), HostRefused),
    "a Secret for one server": (secret(url="redis://:pw@redis:6380"), HostRefused),
}


@pytest.mark.parametrize(("kept", "want"), BAD.values(), ids=BAD.keys())
def test_refused(kept: Secret, want: type[BrokerError]) -> None:
    with pytest.raises(want):
        groups.sentinels("jobs", ADDRESSES, kept)


def test_a_primary_that_is_not_listed() -> None:
    found = groups.sentinels("jobs", ADDRESSES, secret(password="pw", hosts="s-1 fd00::1"))
    with pytest.raises(HostRefused, match="not for redis:6380"):
        found.named("redis", 6380)


def test_a_cluster_has_one_login_and_one_database() -> None:
    found = groups.cluster(["redis-0:6379", "redis-1:6379"], secret(url="redis://:pw@redis-0/3", hosts="redis-*"))
    assert found.entrances == (Endpoint("redis-0", password="pw"), Endpoint("redis-1", password="pw"))
    assert found.named("redis-2", 7000) == Endpoint("redis-2", 7000, password="pw")
    with pytest.raises(HostRefused, match="not for evil:6379"):
        found.named("evil", 6379)


def test_a_cluster_is_not_the_sentinels_at_the_same_addresses() -> None:
    assert len({groups.cluster(ADDRESSES, None), groups.sentinels("jobs", ADDRESSES, None)}) == 2
