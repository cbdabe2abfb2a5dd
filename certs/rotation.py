"""Decides what the certificates of an install need next, and makes it. Pure.

One step is taken at a time, each a whole new content of the Secret, so a process killed between two loses nothing:

    NewAuthority ─► (steady) ─ leaf due ─► NewLeaf
                        │
                        └ authority due ─► AddAuthority ─► Promote ─► DropOld ─► (steady)

The three steps of a change of authority keep both in the bundle until every API server and every replica has had
`settle` to take notice: the new one is trusted before anything it signed is served, the old one for as long as
something it signed may be served. When a step was taken is read from the certificates themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import KeyPair, issue_leaf, new_authority
from certs.material import (
    CA_CERTIFICATE,
    CA_KEY,
    CA_NEXT_KEY,
    TLS_CERTIFICATE,
    TLS_KEY,
    Certificate,
    UnusableError,
    read_authority,
    read_bundle,
    read_leaf,
    read_successor,
)

Data = Mapping[str, bytes]
Serials = Callable[[], int]


class Step(StrEnum):
    """What to do with the Secret."""

    NONE = "None"
    NEW_AUTHORITY = "NewAuthority"
    NEW_LEAF = "NewLeaf"
    ADD_AUTHORITY = "AddAuthority"
    PROMOTE = "Promote"
    DROP_OLD = "DropOld"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an authority and a leaf live, and how long a change of authority waits between its steps."""

    authority: timedelta = timedelta(days=365)
    leaf: timedelta = timedelta(days=90)
    settle: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The next step and, in one clause, why."""

    step: Step
    reason: str


def next_step(
    data: Data, dns_names: Sequence[str], now: datetime, lifetimes: Lifetimes, *, injected: bool = False
) -> Verdict:
    """Classifies the Secret's content. `injected` says that the API server holds exactly its bundle."""
    try:
        authority = read_authority(data, now)
    except UnusableError as fault:
        return Verdict(Step.NEW_AUTHORITY, str(fault))
    try:
        leaf = read_leaf(data, authority.x509, dns_names, now)
    except UnusableError as fault:
        return Verdict(Step.NEW_LEAF, str(fault))
    try:
        successor = read_successor(data, now)
    except UnusableError as fault:
        return Verdict(Step.DROP_OLD, str(fault))
    if successor is not None:
        return _with_successor(successor, now, lifetimes, injected=injected)
    return _steady(len(read_bundle(data)), authority, leaf, now, lifetimes)


def _with_successor(successor: Certificate, now: datetime, lifetimes: Lifetimes, *, injected: bool) -> Verdict:
    if not injected:
        return Verdict(Step.NONE, "the new authority is not injected yet")
    if now < successor.made + lifetimes.settle:
        return Verdict(Step.NONE, "the new authority settles")
    return Verdict(Step.PROMOTE, "the new authority is trusted everywhere")


def _steady(trusted: int, authority: Certificate, leaf: Certificate, now: datetime, lifetimes: Lifetimes) -> Verdict:
    if trusted > 1 and now >= leaf.made + lifetimes.settle:
        return Verdict(Step.DROP_OLD, "nothing signed by the old authority is served any more")
    if trusted == 1 and authority.due(now):
        return Verdict(Step.ADD_AUTHORITY, f"the authority ends at {authority.ends:%Y-%m-%dT%H:%M:%SZ}")
    if leaf.due(now):
        return Verdict(Step.NEW_LEAF, f"the leaf ends at {leaf.ends:%Y-%m-%dT%H:%M:%SZ}")
    return Verdict(Step.NONE, "the certificates are good")


def take(
    step: Step,
    data: Data,
    dns_names: Sequence[str],
    now: datetime,
    lifetimes: Lifetimes,
    serials: Serials = x509.random_serial_number,
    *,
    injected: bytes = b"",
) -> dict[str, bytes]:
    """The Secret's whole content after `step`, which must be the one that `next_step` gave for `data`.

    `injected` is the bundle that the API server holds now: where the Secret was lost, nobody else knows the authority
    of the leaf that replicas still serve.
    """

    def leaf_of(authority: KeyPair) -> dict[str, bytes]:
        leaf = issue_leaf(authority, dns_names, now, lifetimes.leaf, serials=serials)
        return {TLS_CERTIFICATE: leaf.certificate, TLS_KEY: leaf.key}

    match step:
        case Step.NONE:
            return dict(data)
        case Step.NEW_AUTHORITY:
            made = new_authority(now, lifetimes.authority, serials=serials)
            bundle = _bundle([made.certificate, *_still_trusted(data, injected, now)])
            return {CA_CERTIFICATE: bundle, CA_KEY: made.key} | leaf_of(made)
        case Step.NEW_LEAF:
            return dict(data) | leaf_of(read_authority(data, now).pem)
        case Step.ADD_AUTHORITY:
            made = new_authority(now, lifetimes.authority, serials=serials)
            current = read_authority(data, now).pem.certificate
            return dict(data) | {CA_CERTIFICATE: _bundle([current, made.certificate]), CA_NEXT_KEY: made.key}
        case Step.PROMOTE:
            return _promoted(data, now, leaf_of)
        case Step.DROP_OLD:
            current = read_authority(data, now).pem.certificate
            return {key: value for key, value in data.items() if key != CA_NEXT_KEY} | {CA_CERTIFICATE: current}


def _promoted(data: Data, now: datetime, leaf_of: Callable[[KeyPair], dict[str, bytes]]) -> dict[str, bytes]:
    successor = read_successor(data, now)
    if successor is None:
        raise ValueError("there is no authority to promote")
    bundle = _bundle([successor.pem.certificate, read_authority(data, now).pem.certificate])
    return {CA_CERTIFICATE: bundle, CA_KEY: successor.pem.key} | leaf_of(successor.pem)


def _still_trusted(data: Data, injected: bytes, now: datetime) -> list[bytes]:
    """The authorities being replaced, so that what replicas still serve stays trusted until they load the new leaf."""
    found: dict[bytes, None] = {}
    for source in (data, {CA_CERTIFICATE: injected}):
        try:
            old = read_bundle(source)[0]
        except UnusableError:
            continue
        if old.not_valid_after_utc > now:
            found[old.public_bytes(Encoding.PEM)] = None
    return list(found)


def _bundle(certificates: Sequence[bytes]) -> bytes:
    return b"".join(certificates)
