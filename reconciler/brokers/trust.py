"""Who may be sent what: a Queue names the host, so its author must not be able to make us hand over a Secret.

A Secret goes to a broker only when its owner labelled it for that; where the owner also lists hosts, only to those.
Addresses of the node itself and of the link are refused for everybody: behind them are the kubelet, cloud metadata and
our own processes. The name is judged before anything is looked up, the address once connected and before a byte is
sent, so that a name cannot change its meaning in between.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from crds.meta import DOMAIN, LABEL_BROKER_CREDENTIALS
from reconciler.brokers.errors import CredentialsMissing, HostRefused, SecretNotTrusted

ANNOTATION_ALLOWED_HOSTS: Final = f"{DOMAIN}/allowed-hosts"
"""On a Secret: globs on `host` or `host:port`, separated by commas or spaces."""
_LOCAL_NAMES: Final = ("localhost", "*.localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


@dataclass(frozen=True, slots=True)
class Secret:
    """A Secret as read from the cluster, decoded."""

    name: str
    data: Mapping[str, bytes] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> Secret:
        metadata = obj["metadata"]
        try:
            data = {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
        except binascii.Error as error:
            raise CredentialsMissing(f'Secret "{metadata["name"]}" holds something that is not base64') from error
        return cls(metadata["name"], data, metadata.get("labels") or {}, metadata.get("annotations") or {})

    def text(self, *keys: str) -> str:
        """The value of the first of `keys` that is there, without the newline an editor left behind; else ""."""
        for key in keys:
            if value := self.data.get(key):
                return self._decoded(key, value).strip()
        return ""

    def _decoded(self, key: str, value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise CredentialsMissing(f'key "{key}" of Secret "{self.name}" is not text') from error


def require_label(secret: Secret) -> None:
    if secret.labels.get(LABEL_BROKER_CREDENTIALS) != "true":
        raise SecretNotTrusted(
            f'Secret "{secret.name}" is sent nowhere until it is labelled {LABEL_BROKER_CREDENTIALS}: "true"'
        )


def require_allowed(secret: Secret, host: str, port: int, *, listed: bool) -> None:
    """The Secret's own list of hosts, when it has one; with `listed` it must have one."""
    _require(secret.name, _globs(secret), host, port, listed=listed)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the contents of a Secret may go: to what its owner lists, else to the address that it keeps itself
    (`home`), else, where it names no server in any way, wherever the Queue says. Without a Secret nothing is kept back.
    """

    secret: str = ""
    globs: tuple[str, ...] | None = None
    home: tuple[str, int] | None = None

    @classmethod
    def of(cls, secret: Secret, home: tuple[str, int] | None) -> Reach:
        return cls(secret.name, _globs(secret), home)

    def require(self, host: str, port: int) -> None:
        """Raises where the Secret may not go."""
        _require(self.secret, self.globs, host, port, listed=self.home not in (None, (host, port)))


def _globs(secret: Secret) -> tuple[str, ...] | None:
    annotation = secret.annotations.get(ANNOTATION_ALLOWED_HOSTS)
    return None if annotation is None else tuple(annotation.lower().replace(",", " ").split())


def _require(secret: str, globs: tuple[str, ...] | None, host: str, port: int, *, listed: bool) -> None:
    if globs is None and not listed:
        return
    if not any(fnmatchcase(name, glob) for glob in globs or () for name in (host.lower(), f"{host.lower()}:{port}")):
        raise HostRefused(f'Secret "{secret}" is not for {host}:{port}: list it in its {ANNOTATION_ALLOWED_HOSTS}')


def refuse_local_name(host: str) -> None:
    """Refuses a host that is local by its very name or notation."""
    name = host.lower().rstrip(".")
    if any(fnmatchcase(name, glob) for glob in _LOCAL_NAMES) or _local(name):
        raise HostRefused(f"{host} is this node itself, or the link it is on, where nothing is sent")


def refuse_local_address(host: str, address: str | None) -> None:
    """Refuses the address at the other end of a connection to `host`."""
    if address is None or _local(address):
        raise HostRefused(f"{host} leads to {address}: this node itself, or the link it is on, where nothing is sent")


def _local(text: str) -> bool:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
