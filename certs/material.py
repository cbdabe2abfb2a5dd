"""What the Secret of an install holds, read from its bytes and written back. Pure.

`ca.crt` is everything the API server is told to trust, the authority that signs first; `ca.key` is the key of that
authority; `tls.crt` and `tls.key` are the leaf. `ca-next.key` exists only while a successor, the second certificate of
`ca.crt`, waits to take over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from certs.authority import BACKDATE, KeyPair

CA_CERTIFICATE: Final = "ca.crt"
CA_KEY: Final = "ca.key"
CA_NEXT_KEY: Final = "ca-next.key"
TLS_CERTIFICATE: Final = "tls.crt"
TLS_KEY: Final = "tls.key"


class UnusableError(ValueError):
    """A part of the material cannot serve; the text says which part and why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed certificate whose private key was there and fitted."""

    pem: KeyPair
    x509: x509.Certificate

    @property
    def ends(self) -> datetime:
        return self.x509.not_valid_after_utc

    @property
    def made(self) -> datetime:
        return self.x509.not_valid_before_utc + BACKDATE

    def due(self, now: datetime) -> bool:
        """Whether only a third of its life, or less, is left."""
        return (self.ends - now) * 3 <= self.ends - self.made


def read_bundle(data: Mapping[str, bytes]) -> tuple[x509.Certificate, ...]:
    """The trusted authorities; raises UnusableError when there is none."""
    try:
        return tuple(x509.load_pem_x509_certificates(data.get(CA_CERTIFICATE, b"")))
    except ValueError:
        raise UnusableError(f"{CA_CERTIFICATE} holds no certificate") from None


def read_authority(data: Mapping[str, bytes], now: datetime) -> Certificate:
    """The authority that signs; raises UnusableError when it cannot sign now."""
    return _authority(read_bundle(data)[0], data.get(CA_KEY, b""), CA_KEY, now)


def read_successor(data: Mapping[str, bytes], now: datetime) -> Certificate | None:
    """The authority that waits to take over, None when there is none; raises UnusableError when it could not sign."""
    if CA_NEXT_KEY not in data:
        return None
    bundle = read_bundle(data)
    if len(bundle) < 2:
        raise UnusableError(f"{CA_NEXT_KEY} is there, {CA_CERTIFICATE} holds no second certificate")
    return _authority(bundle[1], data[CA_NEXT_KEY], CA_NEXT_KEY, now)


def read_leaf(
    data: Mapping[str, bytes], issuer: x509.Certificate, dns_names: Sequence[str], now: datetime
) -> Certificate:
    """The serving certificate; raises UnusableError when a client that trusts `issuer` would refuse it."""
    try:
        leaf = x509.load_pem_x509_certificate(data.get(TLS_CERTIFICATE, b""))
    except ValueError:
        raise UnusableError(f"{TLS_CERTIFICATE} holds no certificate") from None
    _check_key(leaf, data.get(TLS_KEY, b""), TLS_KEY)
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        raise UnusableError(f"{TLS_CERTIFICATE} is not signed by the authority") from None
    if missing := [name for name in dns_names if name not in _dns_names(leaf)]:
        raise UnusableError(f"{TLS_CERTIFICATE} lacks the name {missing[0]}")
    _check_ended(leaf, TLS_CERTIFICATE, now)
    return Certificate(KeyPair(_pem(leaf), data[TLS_KEY]), leaf)


def _authority(certificate: x509.Certificate, key: bytes, key_name: str, now: datetime) -> Certificate:
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise UnusableError(f"{CA_CERTIFICATE} is not an authority")
    _check_key(certificate, key, key_name)
    _check_ended(certificate, CA_CERTIFICATE, now)
    return Certificate(KeyPair(_pem(certificate), key), certificate)


def _check_key(certificate: x509.Certificate, key: bytes, name: str) -> None:
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        raise UnusableError(f"{name} holds no private key") from None
    if private.public_key() != certificate.public_key():
        raise UnusableError(f"{name} does not belong to its certificate")


def _check_ended(certificate: x509.Certificate, name: str, now: datetime) -> None:
    if certificate.not_valid_after_utc <= now:
        raise UnusableError(f"{name} ended at {certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}")


def _dns_names(certificate: x509.Certificate) -> list[str]:
    names = _extension(certificate, x509.SubjectAlternativeName)
    return [] if names is None else names.get_values_for_type(x509.DNSName)


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
