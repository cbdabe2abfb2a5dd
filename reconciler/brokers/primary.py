"""A link to whom the sentinels name, also after they have named another.

Every trip asks the server for its role over the same connection, so an answer counts only with the word of the one that
gave it that it is the primary: a connection that was lost may come back to a server that has been made a replica. Where
a trip fails the sentinels are asked anew, and the trip is made once more if they name another server. Their word is
refreshed as it ages, for a primary that is cut off from them does not know that it is none any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from reconciler.brokers import opinions
from reconciler.brokers.connect import IDLE_SECONDS, Limits, Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError, BrokerUnreachable
from reconciler.brokers.groups import Sentinels
from reconciler.brokers.observation import Identity
from reconciler.brokers.opinions import LinkTo
from reconciler.brokers.wire import Command

BELIEVED_SECONDS: Final = 10.0
"""So long a word of the sentinels is not asked for again while all is well."""
_ROLE: Final[Command] = ("ROLE",)


class PrimaryLink:
    """The connections themselves are those of the links it is given, shared with everybody else."""

    identity: Identity | None = None
    """Never taken for granted: every trip may reach another server."""

    def __init__(self, group: Sentinels, limits: Limits, clock: Callable[[], float], link_to: LinkTo) -> None:
        self._group = group
        self._limits = limits
        self._clock = clock
        self._link_to = link_to
        self._turn = asyncio.Lock()
        self._heard: tuple[float, Endpoint | BrokerError] | None = None
        self._used_at = clock()

    @property
    def endpoint(self) -> Endpoint:
        """The primary as it was last named; a login without a host before that."""
        known = self._heard[1] if self._heard else None
        return known if isinstance(known, Endpoint) else self._group.login

    def identified(self, identity: Identity) -> None:
        """Nothing to keep."""

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        return (await self.ask_together([commands]))[0]

    async def ask_together(self, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        """As `Link.ask_together`; what was asked may have been asked twice, at two servers."""
        self._used_at = self._clock()
        primary = await self._named()
        try:
            return await self._ask_at(primary, questions)
        except BrokerError as error:
            if not error.passes:
                raise
            other = await self._named(doubted=primary)
            if other == primary:
                raise
        return await self._ask_at(other, questions)

    @property
    def idle(self) -> bool:
        return self._clock() - self._used_at > IDLE_SECONDS

    async def _ask_at(self, primary: Endpoint, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        *answers, (role,) = await self._link_to(primary).ask_together([*questions, (_ROLE,)])
        # Who may not ask for the role gets no list, and relies on the sentinels alone.
        if isinstance(role, list) and role[:1] != [b"master"]:
            raise BrokerUnreachable(
                f"{primary.host}:{primary.port} is a replica, and no sentinel names its primary yet"
            )
        return answers

    async def _named(self, doubted: Endpoint | None = None) -> Endpoint:
        """Who the primary is. A thousand queues that ask at once get the same word, also where nobody knows."""
        async with self._turn:
            if not self._holds(doubted):
                self._heard = (self._clock(), await self._word(doubted))
            assert self._heard is not None  # noqa: S101 - for the type checker: it has just been set where it was not
            word = self._heard[1]
        if isinstance(word, BrokerError):
            raise type(word)(word.message)
        return word

    def _holds(self, doubted: Endpoint | None) -> bool:
        if self._heard is None:
            return False
        heard_at, word = self._heard
        fresh = isinstance(word, Endpoint) and word != doubted
        return self._clock() - heard_at < (BELIEVED_SECONDS if fresh else self._limits.retry_seconds)

    async def _word(self, doubted: Endpoint | None) -> Endpoint | BrokerError:
        try:
            return await opinions.primary(self._group, self._link_to)
        except BrokerError as error:
            known = self._heard[1] if self._heard else None
            # A primary that answers as one is read on while the sentinels are away.
            return known if error.passes and isinstance(known, Endpoint) and known != doubted else error
