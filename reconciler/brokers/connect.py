"""Connections to brokers, shared by all queues with the same login and bounded in number and time.

`Link.ask` sends some commands in one round trip. A connection on which anything went wrong, a cancellation included,
is closed, never reused: answers that are still under way would be taken for those of the next question. A link that
has just failed answers with the same error for a moment, so that a thousand queues behind one dead broker wait for it
together and not one after the other.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from reconciler.brokers import refusals, trust
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError, BrokerUnreachable
from reconciler.brokers.observation import Identity
from reconciler.brokers.questions import Command
from reconciler.brokers.recent import RecentFailure
from reconciler.brokers.wire import GuardedConnection, context

Reply: TypeAlias = Any
"""bytes, int, None, a list of replies, or the `ResponseError` the broker answered to this one command."""

IDLE_SECONDS: Final = 300.0
IDENTITY_SECONDS: Final = 1.0
"""How long it stays believed who answered. It is asked again at once over a new connection, as after a failover."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a broker may cost. `allow_local` lets loopback and link-local hosts through: for tests and laptops only."""

    connect_seconds: float = 2.0
    answer_seconds: float = 2.0
    connections: int = 4
    retry_seconds: float = 1.0
    allow_local: bool = False


class Link:
    """The connections of one endpoint."""

    in_order: Final = True
    """Whether what is asked in one round trip is answered in the order in which it is asked."""

    def __init__(self, endpoint: Endpoint, limits: Limits, clock: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self._limits = limits
        self._clock = clock
        self._slots = asyncio.Semaphore(limits.connections)
        self._idle: list[GuardedConnection] = []
        self._tls: ssl.SSLContext | None = None
        self._failure = RecentFailure(limits.retry_seconds, clock)
        self._used_at = clock()
        self._identity: tuple[float, Identity] | None = None

    @property
    def identity(self) -> Identity | None:
        """Which server answers, where that was asked a moment ago: it is the same for all queues."""
        known = self._identity
        return known[1] if known is not None and self._clock() - known[0] < IDENTITY_SECONDS else None

    def identified(self, identity: Identity) -> None:
        self._identity = (self._clock(), identity)

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        """The replies, in order; a command's own refusal is among them. Raises `BrokerError` for everything else."""
        return (await self.ask_together([commands]))[0]

    async def ask_together(self, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        """The replies to each question, all in one round trip."""
        self._used_at = self._clock()
        async with self._slots:
            self._failure.check()
            try:
                return await self._ask(questions)
            except BrokerError as error:
                self._failure.keep(error)
                raise

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().disconnect()

    @property
    def idle(self) -> bool:
        return self._clock() - self._used_at > IDLE_SECONDS

    async def _ask(self, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        if self._idle:
            try:
                return await self._over(self._idle.pop(), questions)
            except BrokerUnreachable as error:
                # The broker may have closed the connection while nobody looked; a fresh one tells.
                if refusals.timed_out(error):
                    raise
        return await self._over(self._new(), questions)

    async def _over(
        self, connection: GuardedConnection, questions: Sequence[Sequence[Command]]
    ) -> Sequence[Sequence[Reply]]:
        seconds = self._limits.connect_seconds
        try:
            if not connection.is_connected:
                async with asyncio.timeout(seconds):
                    await connection.connect()  # type: ignore[no-untyped-call]
            seconds = self._limits.answer_seconds
            async with asyncio.timeout(seconds):
                replies = await connection.exchange(questions)
        except BaseException as error:
            await connection.abort()
            if refusal := refusals.of_connection(error, self.endpoint, seconds):
                raise refusal from error
            raise
        self._idle.append(connection)
        return replies

    def _new(self) -> GuardedConnection:
        self._identity = None
        endpoint = self.endpoint
        if not self._limits.allow_local:
            trust.refuse_local_name(endpoint.host)
        if endpoint.tls is not None and self._tls is None:
            self._tls = context(endpoint.tls)
        return GuardedConnection(
            judge=self._judge,
            tls_context=self._tls,
            server_name=endpoint.tls.server_name if endpoint.tls else "",
            host=endpoint.host,
            port=endpoint.port,
            db=endpoint.db,
            username=endpoint.username or None,
            password=endpoint.password or None,
            socket_timeout=None,
            socket_connect_timeout=self._limits.connect_seconds,
        )

    def _judge(self, address: str | None) -> None:
        if self._limits.allow_local:
            return
        try:
            trust.refuse_local_address(self.endpoint.host, address)
        except BrokerError as error:
            raise refusals.PeerRefusedError(error) from error
