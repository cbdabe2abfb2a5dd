"""Which servers a Queue may make Headgate and its workers talk to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from crds.findings import Finding, Reason
from policies.brokers import says_where
from policies.fields import mapping, strings
from policies.rules.rule import QUEUES, Breach, BuiltInRule, PolicyRule
from policies.selectors import NameTest, name_test
from policies.subject import Subject

_SECRET: Final = ("password=", "username=", "user=", "token=")
_MEMBERS: Final = {"redis": "redis.url", "rabbitmq": "rabbitmq.url"}


class Hosts(NamedTuple):
    """The globs as the policy writes them, and a test of a host in lower case."""

    text: str
    allow: NameTest


def hosts(globs: Any) -> Hosts | None:
    written = strings({"globs": globs}, "globs")
    allow = name_test(tuple(glob.lower().rstrip(".") for glob in written))
    return None if allow is None else Hosts(" or ".join(written), allow)


def allowed_brokers(subject: Subject, allowed: Hosts) -> Iterator[Breach]:
    """Every address counts. One that is only in a Secret could be any, so the object has to say it."""
    broker = mapping(subject.spec, "broker")
    for address in subject.addresses:
        if not (address.host and allowed.allow(address.host)):
            message = f"the host must match {allowed.text}"
            yield Breach(Finding(address.field, Reason.NOT_SUPPORTED, message, address.text))
    for member, field in _MEMBERS.items():
        if member in broker and not says_where(broker):
            message = f"say it here and not in the Secret: the host must match {allowed.text}"
            yield Breach(Finding(f"spec.broker.{field}", Reason.REQUIRED, message))


def credentials(subject: Subject) -> Iterator[Finding]:
    """What looks like a user or a password in an address is shown to everybody who may read the Queue."""
    for address in subject.addresses:
        before_path = address.text.partition("://")[2].partition("/")[0]
        query = address.text.partition("?")[2].lower()
        if "@" in before_path or (query and any(word in query for word in _SECRET)):
            message = "holds credentials: put them into the Secret of connectionSecretRef"
            yield Finding(address.field, Reason.FORBIDDEN, message)


POLICY_RULES: Final = (
    PolicyRule(
        id="allowedBrokers",
        kinds=QUEUES,
        sentence="Every host a Queue names matches one of these globs: URL, sentinels, cluster nodes, management API, "
        "bootstrap servers, Prometheus. An address that only the Secret holds is refused.",
        check=allowed_brokers,
        prepare=hosts,
    ),
)
BUILT_IN: Final = (
    BuiltInRule(
        id="credentialsInURL",
        needs="broker",
        kinds=QUEUES,
        sentence="No address of a broker holds a user, a password or a token.",
        check=credentials,
    ),
)
