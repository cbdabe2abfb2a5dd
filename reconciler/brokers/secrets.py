"""The Secrets that Queues name for their brokers.

They are read when they are needed and kept for half a minute; a refusal by the broker makes them be read again at the
next look, so a changed password is noticed within a poll.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from crds.v1.broker import TLS, Broker, SecretKeyRef, SecretRef
from kube.errors import ApiError, Forbidden, NotFound
from reconciler.brokers.connect import IDLE_SECONDS
from reconciler.brokers.endpoint import TLSOptions
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, CredentialsMissing
from reconciler.brokers.trust import Secret

T = TypeVar("T")
KEPT_SECONDS: Final = 30.0
ReadSecret: TypeAlias = Callable[[str, str], Awaitable[Mapping[str, Any]]]
"""Namespace and name to the Secret as the API server has it; raises ApiError."""


class Secrets:
    """One for the process. `monotonic` is its steady clock."""

    def __init__(self, read: ReadSecret, monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._kept: dict[tuple[str, str], tuple[float, Secret]] = {}

    async def of(self, namespace: str, broker: Broker) -> tuple[Secret | None, TLSOptions | None]:
        """The connection Secret, and `broker.tls` with what it refers to; raises `BrokerError` and `ApiError`."""
        reference = broker.connection_secret_ref
        secret = await self._get(namespace, reference.name) if reference is not None else None
        return secret, await self._tls(namespace, broker.tls) if broker.tls is not None else None

    def forget(self, namespace: str, broker: Broker) -> None:
        """What a broker refused is read anew."""
        refs: list[SecretRef | SecretKeyRef | None] = [broker.connection_secret_ref]
        if broker.tls is not None:
            refs += [broker.tls.ca_secret_ref, broker.tls.client_cert_secret_ref]
        for ref in refs:
            if ref is not None:
                self._kept.pop((namespace, ref.name), None)

    def tidy(self) -> None:
        now = self._monotonic()
        self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] <= IDLE_SECONDS}

    async def _tls(self, namespace: str, tls: TLS) -> TLSOptions:
        ca, client = "", None
        if tls.ca_secret_ref is not None:
            holder = await self._get(namespace, tls.ca_secret_ref.name)
            ca = holder.text(tls.ca_secret_ref.key)
            if not ca:
                raise CredentialsMissing(f'Secret "{holder.name}" has no key "{tls.ca_secret_ref.key}"')
        if tls.client_cert_secret_ref is not None:
            client = await self._get(namespace, tls.client_cert_secret_ref.name)
        return TLSOptions(ca, client, tls.server_name or "", not tls.insecure_skip_verify)

    async def _get(self, namespace: str, name: str) -> Secret:
        kept = self._kept.get((namespace, name))
        now = self._monotonic()
        if kept is not None and now - kept[0] <= KEPT_SECONDS:
            return kept[1]
        try:
            secret = Secret.of(await self._read(namespace, name))
        except NotFound:
            raise CredentialsMissing(f'Secret "{name}" does not exist') from None
        except Forbidden:
            raise CredentialsMissing(f'Headgate may not read Secret "{name}": its role does not allow it') from None
        except ApiError:
            # Queues are read on while the API server is away.
            if kept is None:
                raise
            return kept[1]
        self._kept[namespace, name] = (now, secret)
        return secret


async def or_error(asked: Awaitable[T]) -> T | BrokerError:
    """What was asked for of a broker; where the API server does not give a Secret, its broker cannot be reached."""
    try:
        return await asked
    except BrokerError as error:
        return error
    except ApiError as error:
        return BrokerUnreachable(f"the Secret cannot be read: {error}")
