"""Where the certificates of an install are kept: one Secret, which only the leading reconciler writes.

Each call reads the Secret, asks `certs.rotation` what is next and takes at most one step. Writes carry the version that
was read, so of two writers one starts over with what the other wrote. A Secret without our label belongs to somebody
else and is never written.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from certs.authority import BACKDATE, service_names
from certs.material import (
    CA_CERTIFICATE,
    CA_KEY,
    CA_NEXT_KEY,
    TLS_CERTIFICATE,
    TLS_KEY,
    read_bundle,
)
from certs.rotation import Data, Lifetimes, Seen, Serials, Step, next_step, take
from kube.client import Client, Object
from kube.errors import Conflict, NotFound
from kube.resources import SECRETS

NAME: Final = "headgate-certs"
LABEL: Final = "headgate.dev/certs"
FIELD_MANAGER: Final = "headgate-certs"
ATTEMPTS: Final = 5
EVERY_STEP: Final = frozenset(Step)
_OURS: Final = (CA_CERTIFICATE, CA_KEY, CA_NEXT_KEY, TLS_CERTIFICATE, TLS_KEY)

Look = Callable[[Data], Awaitable[Seen]]
"""Asks what is to be seen outside of the Secret, given what it holds."""

log = logging.getLogger(__name__)


class ForeignSecretError(Exception):
    """The Secret's name is taken by one that is not ours."""

    def __init__(self, namespace: str) -> None:
        super().__init__(
            f"Secret {namespace}/{NAME} lacks the label {LABEL}=true, so it is not touched: delete it, or label it"
            " to let Headgate keep its certificates there"
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the Secret holds now: the bundle to inject (PEM), when its parts end, and the step that was just taken.

    There is no leaf while a new authority settles in place of one that was lost.
    """

    trusted: bytes
    authority_ends: datetime
    leaf_ends: datetime | None
    authority_made: datetime
    leaf_made: datetime | None
    step: Step = Step.NONE
    reason: str = ""
    waiting: bool = False
    """Whether a change is under way."""


async def _nothing_seen(_: Data) -> Seen:
    return Seen()


async def ensure(
    client: Client,
    namespace: str,
    service: str,
    clock: Callable[[], datetime],
    *,
    lifetimes: Lifetimes | None = None,
    injected: bytes = b"",
    look: Look = _nothing_seen,
    steps: frozenset[Step] = EVERY_STEP,
    serials: Serials = x509.random_serial_number,
) -> Bundle:
    """Takes the next step where one is due and among `steps`. `injected` is a bundle that the API server holds now.

    Raises ForeignSecretError and ApiError; Conflict only after ATTEMPTS writes in a row met a newer version.
    """
    dns_names, lifetimes = service_names(service, namespace), lifetimes or Lifetimes()
    for attempt in range(ATTEMPTS):
        secret = await _read(client, namespace)
        data, now = decoded(secret), clock()
        verdict = next_step(data, dns_names, now, lifetimes, await look(data))
        if verdict.step is Step.NONE or verdict.step not in steps:
            return _bundle(data, Step.NONE, verdict.reason, waiting=verdict.waiting)
        made = take(verdict.step, data, dns_names, now, lifetimes, serials, injected=injected)
        try:
            await _write(client, namespace, secret, made)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        log.info("certificates: %s, because %s", verdict.step, verdict.reason)
        return _bundle(made, verdict.step, verdict.reason, waiting=True)
    raise AssertionError("the last attempt returns or raises")


async def own_bundle(client: Client, namespace: str) -> bytes:
    """The authorities of the Secret (PEM), b"" where it has none; raises ForeignSecretError and ApiError."""
    return decoded(await _read(client, namespace)).get(CA_CERTIFICATE, b"")


def decoded(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """The Secret's data as bytes, whatever keys it has."""
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def is_ours(secret: Mapping[str, Any]) -> bool:
    return bool((secret["metadata"].get("labels") or {}).get(LABEL) == "true")


async def _read(client: Client, namespace: str) -> Object:
    """The Secret; an empty stand-in without a version where there is none."""
    try:
        secret = await client.get(SECRETS, NAME, namespace)
    except NotFound:
        return {"metadata": {"name": NAME, "namespace": namespace}}
    if not is_ours(secret):
        raise ForeignSecretError(namespace)
    return secret


async def _write(client: Client, namespace: str, seen: Object, data: Data) -> None:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items() if key in _OURS}
    if version := seen["metadata"].get("resourceVersion"):
        gone = dict.fromkeys(_OURS, None)
        patch = {"metadata": {"resourceVersion": version}, "data": {**gone, **encoded}}
        await client.merge_patch(SECRETS, NAME, namespace, patch, field_manager=FIELD_MANAGER)
        return
    labels = {LABEL: "true", "app.kubernetes.io/part-of": "headgate", "app.kubernetes.io/managed-by": "headgate"}
    fresh = {
        "apiVersion": SECRETS.api_version,
        "kind": SECRETS.kind,
        "metadata": {"name": NAME, "namespace": namespace, "labels": labels},
        "data": encoded,
    }
    await client.create(SECRETS, fresh)


def _bundle(data: Data, step: Step, reason: str, *, waiting: bool) -> Bundle:
    authority = read_bundle(data)[0]
    leaf = x509.load_pem_x509_certificate(data[TLS_CERTIFICATE]) if data.get(TLS_CERTIFICATE) else None
    return Bundle(
        data[CA_CERTIFICATE],
        authority.not_valid_after_utc,
        leaf.not_valid_after_utc if leaf else None,
        authority.not_valid_before_utc + BACKDATE,
        leaf.not_valid_before_utc + BACKDATE if leaf else None,
        step,
        reason,
        waiting,
    )
