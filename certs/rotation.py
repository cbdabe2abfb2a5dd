"""Decides what the certificates of an install need next, and makes it. Pure.

One step is taken at a time, each a whole new content of the Secret, so a process killed between two loses nothing:

    NewAuthority ─► (steady) ─ leaf due ─► NewLeaf
                        │
                        └ authority due ─► AddAuthority ─► Promote ─► DropOld ─► (steady)

The three steps of a change of authority keep both in the bundle: the new one is trusted everywhere, for `settle`,
before anything it signed is served; the old one until every replica was seen to serve what the new one signed. An
authority that was lost is replaced in the same order. When a leaf was made is read from the leaf itself; what only the
leader can see, it says in `Seen`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

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

MOST_OLD: Final = 4
"""Authorities that are trusted on beside a new one: two of a change that was under way, in Secret and injection."""


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
    settle: timedelta = timedelta(seconds=30)
    """Well above what API servers take to notice a configuration (about a second) and replicas a leaf (ten)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The next step and, in one clause, why."""

    step: Step
    reason: str
    waiting: bool = False
    """Whether a change is under way and its next step waits for something to be seen."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be seen outside of the Secret; a change of authority waits for it."""

    injected_for: timedelta | None = None
    """How long the API server has held exactly the Secret's bundle in every webhook; None where it does not."""
    unverified: str = "the replicas were not looked at"
    """Why a client that trusts the newest authority alone would not be served by every replica; "" when it would."""

    def settled(self, lifetimes: Lifetimes) -> bool:
        return self.injected_for is not None and self.injected_for >= lifetimes.settle


def next_step(
    data: Data, dns_names: Sequence[str], now: datetime, lifetimes: Lifetimes, seen: Seen | None = None
) -> Verdict:
    """Classifies the Secret's content."""
    seen = seen or Seen()
    try:
        authority = read_authority(data, now)
    except UnusableError as fault:
        return Verdict(Step.NEW_AUTHORITY, str(fault))
    try:
        leaf = read_leaf(data, authority.x509, dns_names, now)
    except UnusableError as fault:
        if not seen.settled(lifetimes) and _served_is_trusted(data, dns_names, now):
            return _wait("the new authority settles before it signs")
        return Verdict(Step.NEW_LEAF, str(fault))
    if leaf.due(now):
        return Verdict(Step.NEW_LEAF, f"the leaf ends at {leaf.ends:%Y-%m-%dT%H:%M:%SZ}")
    try:
        successor = read_successor(data, now)
    except UnusableError as fault:
        return Verdict(Step.DROP_OLD, str(fault))
    if successor is not None:
        return _with_successor(lifetimes, seen)
    if old := read_bundle(data)[1:]:
        return _with_old(old, leaf, now, lifetimes, seen)
    if authority.due(now):
        return Verdict(Step.ADD_AUTHORITY, f"the authority ends at {authority.ends:%Y-%m-%dT%H:%M:%SZ}")
    return Verdict(Step.NONE, "the certificates are good")


def awaits_replicas(data: Data) -> bool:
    """Whether the next step depends on what the replicas serve, so that it is worth asking them."""
    try:
        return len(read_bundle(data)) > 1 and CA_NEXT_KEY not in data
    except UnusableError:
        return False


def _served_is_trusted(data: Data, dns_names: Sequence[str], now: datetime) -> bool:
    """Whether replicas may serve on what an authority of the bundle, not the first, has signed.

    Where the Secret was lost they have that leaf in memory only, and nobody can say.
    """
    old = read_bundle(data)[1:]
    if TLS_CERTIFICATE not in data:
        return bool(old)
    return any(_signed(data, issuer, dns_names, now) for issuer in old)


def _signed(data: Data, issuer: x509.Certificate, dns_names: Sequence[str], now: datetime) -> bool:
    try:
        read_leaf(data, issuer, dns_names, now)
    except UnusableError:
        return False
    return issuer.not_valid_after_utc > now


def _with_successor(lifetimes: Lifetimes, seen: Seen) -> Verdict:
    if seen.injected_for is None:
        return _wait("the new authority is not injected yet")
    if not seen.settled(lifetimes):
        return _wait("the new authority settles")
    return Verdict(Step.PROMOTE, "the new authority is trusted everywhere")


def _with_old(
    old: Sequence[x509.Certificate], leaf: Certificate, now: datetime, lifetimes: Lifetimes, seen: Seen
) -> Verdict:
    if all(one.not_valid_after_utc <= now for one in old):
        return Verdict(Step.DROP_OLD, "the old authority has ended")
    if now < leaf.made + lifetimes.settle:
        # A replica that starts just now may have read the old leaf, and is no endpoint yet.
        return _wait("the new leaf settles")
    if seen.unverified:
        return _wait(f"the old authority stays trusted: {seen.unverified}")
    return Verdict(Step.DROP_OLD, "every replica serves what the new authority signed")


def _wait(reason: str) -> Verdict:
    return Verdict(Step.NONE, reason, waiting=True)


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
            return _replaced(data, injected, now, new_authority(now, lifetimes.authority, serials=serials), leaf_of)
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


def _replaced(
    data: Data, injected: bytes, now: datetime, made: KeyPair, leaf_of: Callable[[KeyPair], dict[str, bytes]]
) -> dict[str, bytes]:
    """An authority in place of one that cannot sign; what that one signed is served on until the new one settles."""
    old = _still_trusted(data, injected, now)
    content = {CA_CERTIFICATE: _bundle([made.certificate, *old]), CA_KEY: made.key}
    if not old:
        return content | leaf_of(made)
    return content | {key: data[key] for key in (TLS_CERTIFICATE, TLS_KEY) if data.get(key)}


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
            known = read_bundle(source)
        except UnusableError:
            continue
        found |= {one.public_bytes(Encoding.PEM): None for one in known if one.not_valid_after_utc > now}
    return list(found)[:MOST_OLD]


def _bundle(certificates: Sequence[bytes]) -> bytes:
    return b"".join(certificates)
