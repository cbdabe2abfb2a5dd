"""What the certificates say about themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certs.authority import AuthorityExpiredError, KeyPair, issue_leaf, new_authority, service_names

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
NAMES = service_names("headgate-webhook", "media")


def parsed(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def verify(leaf: KeyPair, authority: KeyPair, name: str, at: datetime) -> None:
    policy = PolicyBuilder().store(Store([parsed(authority)])).time(at)
    policy.build_server_verifier(x509.DNSName(name)).verify(parsed(leaf), [])


def test_a_service_is_known_by_the_name_the_api_server_asks_for_first() -> None:
    assert NAMES == (
        "headgate-webhook.media.svc",
        "headgate-webhook.media",
        "headgate-webhook.media.svc.cluster.local",
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_leaf_verifies_for_every_name_of_its_service(name: str) -> None:
    authority = new_authority(NOW, YEAR)
    verify(issue_leaf(authority, NAMES, NOW, DAY), authority, name, NOW)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        pytest.param("headgate-webhook.other.svc", NOW, id="another namespace"),
        pytest.param(NAMES[0], NOW + 2 * DAY, id="after its end"),
        pytest.param(NAMES[0], NOW - timedelta(minutes=61), id="more than an hour before it was made"),
    ],
)
def test_a_leaf_does_not_verify_for(name: str, at: datetime) -> None:
    authority = new_authority(NOW, YEAR)
    with pytest.raises(VerificationError):
        verify(issue_leaf(authority, NAMES, NOW, DAY), authority, name, at)


def test_a_leaf_does_not_verify_under_another_authority() -> None:
    leaf = issue_leaf(new_authority(NOW, YEAR), NAMES, NOW, DAY)
    with pytest.raises(VerificationError):
        verify(leaf, new_authority(NOW, YEAR), NAMES[0], NOW)


def test_certificates_are_trusted_by_a_clock_that_runs_an_hour_late() -> None:
    authority = new_authority(NOW, YEAR)
    verify(issue_leaf(authority, NAMES, NOW, DAY), authority, NAMES[0], NOW - timedelta(minutes=59))


def test_a_leaf_never_outlives_its_authority() -> None:
    authority = new_authority(NOW, timedelta(days=10))
    leaf = issue_leaf(authority, NAMES, NOW, timedelta(days=90))
    assert parsed(leaf).not_valid_after_utc == parsed(authority).not_valid_after_utc == NOW + timedelta(days=10)


def test_an_ended_authority_signs_nothing() -> None:
    authority = new_authority(NOW, DAY)
    with pytest.raises(AuthorityExpiredError, match="ended at 2026-11-24T12:00:00Z"):
        issue_leaf(authority, NAMES, NOW + DAY, DAY)


def test_serial_numbers_come_from_the_given_source() -> None:
    serials = count(7).__next__
    authority = new_authority(NOW, YEAR, serials=serials)
    leaf = issue_leaf(authority, NAMES, NOW, DAY, serials=serials)
    assert [parsed(authority).serial_number, parsed(leaf).serial_number] == [7, 8]


def test_two_authorities_have_different_subjects() -> None:
    assert parsed(new_authority(NOW, YEAR)).subject != parsed(new_authority(NOW, YEAR)).subject


def test_the_longest_names_kubernetes_allows_fit() -> None:
    names = service_names("s" * 63, "n" * 63)
    authority = new_authority(NOW, YEAR)
    verify(issue_leaf(authority, names, NOW, DAY), authority, names[0], NOW)


def test_keys_are_ecdsa_on_p256_and_never_shown() -> None:
    authority = new_authority(NOW, YEAR)
    key = parsed(authority).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert "PRIVATE" not in repr(authority)
