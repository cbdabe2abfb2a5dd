"""Which step the certificates need next, and that no step ever breaks a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store

from certs.authority import issue_leaf, new_authority, service_names
from certs.rotation import Lifetimes, Seen, Step, awaits_replicas, next_step, take

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = service_names("headgate-webhook", "media")
LIFETIMES = Lifetimes()
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

SETTLED = Seen(LIFETIMES.settle, "")
"""The bundle has been injected for long enough, and every replica serves what the newest authority signed."""

Data = Mapping[str, bytes]


def fresh(now: datetime = NOW) -> dict[str, bytes]:
    return take(Step.NEW_AUTHORITY, {}, NAMES, now, LIFETIMES)


def after(step: Step, data: Data, now: datetime = NOW) -> dict[str, bytes]:
    return take(step, data, NAMES, now, LIFETIMES)


def strange_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def with_foreign_leaf(data: Data) -> dict[str, bytes]:
    leaf = issue_leaf(new_authority(NOW, 365 * DAY), NAMES, NOW, DAY)
    return {**data, "tls.crt": leaf.certificate, "tls.key": leaf.key}


def with_leaf_as_authority(data: Data) -> dict[str, bytes]:
    return {**data, "ca.crt": data["tls.crt"], "ca.key": data["tls.key"]}


CASES: list[tuple[str, Callable[[], Data], int, Step, str]] = [
    ("an empty Secret gets everything", dict, 0, Step.NEW_AUTHORITY, "ca.crt holds no certificate"),
    ("good certificates are left alone", fresh, 1, Step.NONE, "the certificates are good"),
    ("a leaf with more than a third left stays", fresh, 59, Step.NONE, "the certificates are good"),
    ("a leaf with a third left is renewed", fresh, 60, Step.NEW_LEAF, "the leaf ends at 2027-02-21"),
    ("an ended leaf is renewed", fresh, 91, Step.NEW_LEAF, "tls.crt ended at"),
    ("an ended authority is replaced", fresh, 366, Step.NEW_AUTHORITY, "ca.crt ended at"),
    ("a lost leaf", lambda: fresh() | {"tls.crt": b""}, 0, Step.NEW_LEAF, "tls.crt holds no certificate"),
    ("a lost leaf key", lambda: fresh() | {"tls.key": b""}, 0, Step.NEW_LEAF, "tls.key holds no private key"),
    ("another leaf key", lambda: fresh() | {"tls.key": strange_key()}, 0, Step.NEW_LEAF, "does not belong"),
    ("a leaf of another authority", lambda: with_foreign_leaf(fresh()), 0, Step.NEW_LEAF, "is not signed by"),
    ("a garbled authority", lambda: fresh() | {"ca.crt": b"x"}, 0, Step.NEW_AUTHORITY, "ca.crt holds no"),
    ("a lost authority key", lambda: fresh() | {"ca.key": b""}, 0, Step.NEW_AUTHORITY, "ca.key holds no"),
    ("another authority key", lambda: fresh() | {"ca.key": strange_key()}, 0, Step.NEW_AUTHORITY, "not belong"),
    ("a leaf as authority", lambda: with_leaf_as_authority(fresh()), 0, Step.NEW_AUTHORITY, "is not an authority"),
    ("a lost successor", lambda: fresh() | {"ca-next.key": b"x"}, 0, Step.DROP_OLD, "no second certificate"),
]


@pytest.mark.parametrize(
    ("data", "days_later", "want_step", "want_reason"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_next_step(data: Callable[[], Data], days_later: int, want_step: Step, want_reason: str) -> None:
    verdict = next_step(data(), NAMES, NOW + days_later * DAY, LIFETIMES)
    assert (verdict.step, want_reason in verdict.reason) == (want_step, True), verdict


def test_a_leaf_for_another_service_is_replaced() -> None:
    verdict = next_step(fresh(), service_names("headgate-webhook", "shop"), NOW, LIFETIMES)
    assert (verdict.step, verdict.reason) == (Step.NEW_LEAF, "tls.crt lacks the name headgate-webhook.shop.svc")


@pytest.mark.parametrize("data", [pytest.param(case[1], id=case[0]) for case in CASES])
def test_steps_always_end_in_good_certificates(data: Callable[[], Data]) -> None:
    content, now = data(), NOW + 60 * DAY
    for _ in range(4):
        verdict = next_step(content, NAMES, now, LIFETIMES, SETTLED)
        content, now = take(verdict.step, content, NAMES, now, LIFETIMES), now + 10 * MINUTE
    assert next_step(content, NAMES, now, LIFETIMES, SETTLED).step is Step.NONE


def test_an_authority_is_changed_in_three_steps_that_wait_for_injection_settling_and_replicas() -> None:
    due = NOW + 250 * DAY
    data = after(Step.NEW_LEAF, fresh(), due - DAY)
    seen: list[tuple[int, Step, int]] = []
    reasons: list[str] = []
    for second in range(0, 200, 10):
        injected_for = (second - 40) * SECOND if second >= 40 else None
        verdict = next_step(
            data, NAMES, due + second * SECOND, LIFETIMES, Seen(injected_for, "" if second >= 140 else "a replica")
        )
        if verdict.step is not Step.NONE:
            data = after(verdict.step, data, due + second * SECOND)
            seen.append((second, verdict.step, data["ca.crt"].count(b"BEGIN")))
        elif verdict.reason not in reasons:
            assert verdict.waiting == (second < 140), verdict
            reasons.append(verdict.reason)
    assert seen == [(0, Step.ADD_AUTHORITY, 2), (70, Step.PROMOTE, 2), (140, Step.DROP_OLD, 1)]
    assert reasons == [
        "the new authority is not injected yet",
        "the new authority settles",
        "the new leaf settles",
        "the old authority stays trusted: a replica",
        "the certificates are good",
    ]


def in_change(now: datetime) -> Data:
    """The new authority signs, the old one is still trusted."""
    data = after(Step.NEW_LEAF, fresh(), now - DAY)
    return after(Step.PROMOTE, after(Step.ADD_AUTHORITY, data, now), now)


@pytest.mark.parametrize(
    ("later", "want"),
    [
        pytest.param(MINUTE, (Step.NONE, True), id="a replica that cannot be reached keeps the old one trusted"),
        pytest.param(61 * DAY, (Step.NEW_LEAF, False), id="meanwhile the leaf is renewed all the same"),
        pytest.param(116 * DAY, (Step.NEW_LEAF, False), id="mending the leaf comes before dropping"),
    ],
)
def test_a_change_that_cannot_be_finished(later: timedelta, want: tuple[Step, bool]) -> None:
    due = NOW + 250 * DAY
    verdict = next_step(in_change(due), NAMES, due + later, LIFETIMES, Seen(DAY, "10.0.0.7:9443 does not answer"))
    assert (verdict.step, verdict.waiting) == want, verdict


def test_an_old_authority_that_has_ended_is_dropped_without_asking_anybody() -> None:
    due = NOW + 250 * DAY
    data = after(Step.NEW_LEAF, in_change(due), NOW + 366 * DAY)
    assert next_step(data, NAMES, NOW + 366 * DAY, LIFETIMES).reason == "the old authority has ended"


@pytest.mark.parametrize(
    ("data", "want"),
    [
        pytest.param(fresh, False, id="one authority"),
        pytest.param(lambda: after(Step.ADD_AUTHORITY, fresh()), False, id="one that waits to take over"),
        pytest.param(lambda: in_change(NOW + 250 * DAY), True, id="one that goes"),
        pytest.param(dict, False, id="nothing at all"),
    ],
)
def test_replicas_are_asked_only_where_it_matters(data: Callable[[], Data], want: bool) -> None:
    assert awaits_replicas(data()) == want


def test_an_authority_that_cannot_sign_is_replaced_without_a_moment_of_mistrust() -> None:
    before = fresh()
    healed = after(Step.NEW_AUTHORITY, {**before, "ca.key": b""})
    serves(before, healed["ca.crt"], NOW)
    assert healed["tls.crt"] == before["tls.crt"], "served on, while the new authority settles"
    assert next_step(healed, NAMES, NOW, LIFETIMES, Seen(0 * SECOND)).waiting
    signed = after(Step.NEW_LEAF, healed, NOW + MINUTE)
    assert next_step(healed, NAMES, NOW + MINUTE, LIFETIMES, SETTLED).step is Step.NEW_LEAF
    serves(signed, healed["ca.crt"], NOW + MINUTE)
    assert next_step(signed, NAMES, NOW + 2 * MINUTE, LIFETIMES, SETTLED).step is Step.DROP_OLD


def test_where_the_secret_was_lost_what_is_injected_stays_trusted() -> None:
    before = fresh()
    healed = take(Step.NEW_AUTHORITY, {}, NAMES, NOW, LIFETIMES, injected=before["ca.crt"])
    serves(before, healed["ca.crt"], NOW)
    assert "tls.crt" not in healed, "replicas have the old leaf in memory, and nobody else has it"
    assert next_step(healed, NAMES, NOW, LIFETIMES, Seen(None)).waiting
    assert next_step(healed, NAMES, NOW, LIFETIMES, SETTLED).step is Step.NEW_LEAF


@pytest.mark.parametrize(
    ("injected", "later"),
    [
        pytest.param(b"no certificate", 0 * DAY, id="something else was injected"),
        pytest.param(None, 366 * DAY, id="the injected authority has ended"),
    ],
)
def test_what_cannot_serve_is_not_trusted_on(injected: bytes | None, later: timedelta) -> None:
    bundle = fresh()["ca.crt"] if injected is None else injected
    healed = take(Step.NEW_AUTHORITY, {}, NAMES, NOW + later, LIFETIMES, injected=bundle)
    assert healed["ca.crt"].count(b"BEGIN") == 1


def serves(served: Data, bundle: bytes, now: datetime) -> None:
    """Raises when a client that trusts `bundle` refuses the leaf of `served`."""
    policy = PolicyBuilder().store(Store(x509.load_pem_x509_certificates(bundle))).time(now)
    policy.build_server_verifier(x509.DNSName(NAMES[0])).verify(x509.load_pem_x509_certificate(served["tls.crt"]), [])


@pytest.mark.parametrize("lag", [pytest.param(lag * MINUTE, id=f"{lag} minutes late") for lag in (0, 1, 4)])
def test_three_years_without_a_moment_in_which_a_served_leaf_is_not_trusted(lag: timedelta) -> None:
    """Replicas load the leaf, and API servers the bundle, up to `lag` late and each on its own."""
    now, history = NOW, [(NOW, fresh())]
    steps: list[Step] = []
    while now < NOW + 3 * 365 * DAY:
        newest = history[-1][1]
        late = next((data for since, data in reversed(history) if since <= now - lag), history[0][1])
        serves(newest, late["ca.crt"], now)
        serves(late, newest["ca.crt"], now)
        seen = Seen(
            now - history[-1][0] - lag if late["ca.crt"] == newest["ca.crt"] else None,
            "" if late["tls.crt"] == newest["tls.crt"] else "the late one",
        )
        verdict = next_step(newest, NAMES, now, LIFETIMES, seen)
        if verdict.step is not Step.NONE:
            history.append((now, after(verdict.step, newest, now)))
            steps.append(verdict.step)
        now += MINUTE if now - history[-1][0] < 15 * MINUTE else DAY
    assert (steps.count(Step.PROMOTE), steps.count(Step.DROP_OLD)) == (4, 4)
    assert Step.NEW_AUTHORITY not in steps
