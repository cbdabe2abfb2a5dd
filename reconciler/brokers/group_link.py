"""A link to servers that say themselves who of them is to be asked.

What they say is kept and doubted as soon as a trip fails: then they are asked anew, and the trip is made once more if
they say something else. A thousand queues that ask at once get the same word, also where it is that nobody knows.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeAlias, TypeVar

from reconciler.brokers.connect import IDLE_SECONDS, Limits, Link, Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Identity
from reconciler.brokers.questions import Command

T = TypeVar("T")
LinkTo: TypeAlias = Callable[[Endpoint], Link]
Questions: TypeAlias = Sequence[Sequence[Command]]
Answers: TypeAlias = Sequence[Sequence[Reply]]


class GroupLink(ABC, Generic[T]):
    """The connections are those of the links it is given, shared with everybody else. T is what the servers say."""

    identity: Identity | None = None
    """Never taken for granted: every trip may reach another server."""
    BELIEVED_SECONDS: ClassVar[float]
    """So long nobody is asked again while all is well."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._turn = asyncio.Lock()
        self._heard: tuple[float, T | BrokerError] | None = None
        self._doubted: T | None = None
        self._used_at = clock()

    def identified(self, identity: Identity) -> None:
        """Nothing to keep."""

    @property
    @abstractmethod
    def endpoint(self) -> Endpoint:
        """Where it leads, for what is said to people, with the login that must not be."""

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        return (await self.ask_together([commands]))[0]

    async def ask_together(self, questions: Questions) -> Answers:
        """As `Link.ask_together`; what was asked may have been asked twice, at two servers."""
        self._used_at = self._clock()
        word = await self._told()
        try:
            return await self._ask_by(word, questions)
        except BrokerError as error:
            if not error.passes:
                raise
            self._doubted = word
            other = await self._told()
            if other == word:
                raise
        return await self._ask_by(other, questions)

    @property
    def idle(self) -> bool:
        return self._clock() - self._used_at > IDLE_SECONDS

    @abstractmethod
    async def _ask(self, known: T | None) -> T:
        """Asks the servers what they say, of which `known` was the last."""

    @abstractmethod
    async def _ask_by(self, word: T, questions: Questions) -> Answers:
        """One trip as they have said; may doubt it."""

    @property
    def _known(self) -> T | None:
        word = self._heard[1] if self._heard else None
        return None if isinstance(word, BrokerError) else word

    async def _told(self) -> T:
        async with self._turn:
            if self._heard is None or not self._holds(*self._heard):
                self._heard = (self._clock(), await self._word())
            word = self._heard[1]
        if isinstance(word, BrokerError):
            raise word.again()
        return word

    def _holds(self, heard_at: float, word: T | BrokerError) -> bool:
        sure = not isinstance(word, BrokerError) and word != self._doubted
        return self._clock() - heard_at < (self.BELIEVED_SECONDS if sure else self._limits.retry_seconds)

    async def _word(self) -> T | BrokerError:
        known = self._known
        try:
            return await self._ask(known)
        except BrokerError as error:
            # What still works is held to while nobody tells.
            return known if error.passes and known is not None and known != self._doubted else error
