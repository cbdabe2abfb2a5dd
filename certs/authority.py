"""Makes certificates: a self-signed authority, and the leaf it signs for the webhook Service.

Pure but for the drawing of keys: the time, the lifetimes and the source of serial numbers are arguments. Keys are
ECDSA on P-256. NotBefore lies an hour back, so that a node whose clock runs late trusts a new certificate at once.
A leaf never outlives its authority.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM. The key never shows in a log."""

    certificate: bytes
    key: bytes = field(repr=False)


class AuthorityExpiredError(ValueError):
    """The authority's own certificate has ended, so nothing it signs would be trusted."""


def service_names(service: str, namespace: str) -> tuple[str, ...]:
    """The DNS names of a Service. The API server asks for the first one, whatever the cluster's domain is."""
    return (f"{service}.{namespace}.svc", f"{service}.{namespace}", f"{service}.{namespace}.svc.cluster.local")


def new_authority(
    now: datetime, lifetime: timedelta, *, serials: Callable[[], int] = x509.random_serial_number
) -> KeyPair:
    """A self-signed authority, its subject its own, so that two of them in one bundle are never mixed up."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = serials()
    subject = _name(f"headgate authority {serial:x}"[:64])
    certificate = (
        _builder(key, subject, serial, now - BACKDATE, now + lifetime)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _key_pair(certificate, key)


def issue_leaf(
    authority: KeyPair,
    dns_names: Sequence[str],
    now: datetime,
    lifetime: timedelta,
    *,
    serials: Callable[[], int] = x509.random_serial_number,
) -> KeyPair:
    """A serving certificate for `dns_names`, signed by `authority`; raises AuthorityExpiredError when it has ended."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    if issuer.not_valid_after_utc <= now:
        raise AuthorityExpiredError(f"the authority ended at {issuer.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}")
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has at most 64 characters: a Service's name (63) always fits, with its namespace it may not.
    subject = _name(dns_names[0].partition(".")[0])
    certificate = (
        _builder(key, subject, serials(), now - BACKDATE, min(now + lifetime, issuer.not_valid_after_utc))
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names]), critical=False)
        .add_extension(_authority_identifier(issuer), critical=False)
        .sign(_private_key(authority.key), hashes.SHA256())
    )
    return _key_pair(certificate, key)


def _builder(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, serial: int, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"the authority's key is {type(key).__name__}, not ECDSA")
    return key


def _key_pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), encoded)
