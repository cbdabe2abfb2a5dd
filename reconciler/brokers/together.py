"""Reading many queues of one broker at once: what each of them wants to ask is sent in one round trip.

What several ask alike, as the time, is asked once. The server is asked who it is with every such trip, over the same
connection: so no queue is ever taken to be another server's than the one that told its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.brokers.connect import Reply
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.links import AnyLink
from reconciler.brokers.observer import Found
from reconciler.brokers.questions import Command, Standing
from reconciler.brokers.reader import COMMON, Common, Reader, Reading

AT_ONCE: Final = 100
"""Queues of one round trip: a few milliseconds of work, here and at the broker."""


async def observe_together(link: AnyLink, readers: Sequence[Reader]) -> list[Found]:
    """What each has seen, or why it could not, in their order."""
    trips = _Trips(link, readers)
    try:
        await trips.make()
    except BrokerError as error:
        return [error if found is None else found for found in trips.found()]
    finally:
        trips.close()
    return [found for found in trips.found() if found is not None]


class _Trips:
    """The readings under way are those of queues of which more is to be said than that all is as it was."""

    def __init__(self, link: AnyLink, readers: Sequence[Reader]) -> None:
        self._link = link
        self._readers = readers
        self._same: dict[int, Found] = {}
        self._running: dict[int, Reading] = {}

    async def make(self) -> None:
        asked = [self._first(place, reader) for place, reader in enumerate(self._readers)]
        told, *answers = await _ask(self._link, [COMMON, *asked])
        common = Common.of(dict(zip(COMMON, told, strict=True)))
        for place, (reader, replies) in enumerate(zip(self._readers, answers, strict=True)):
            self._hear(place, reader, asked[place], replies, common)
        while lacking := {place: reading.lacking for place, reading in self._running.items() if reading.lacking}:
            more = await _ask(self._link, list(lacking.values()))
            for (place, commands), replies in zip(lacking.items(), more, strict=True):
                self._running[place].hear(dict(zip(commands, replies, strict=True)))
        if self._link.in_order:
            for place, reading in self._running.items():
                self._readers[place].learn(reading, asked[place], answers[place])

    def found(self) -> list[Found | None]:
        """In the order of the queues; None for one that has not ended."""
        ended = self._same | {place: reading.found for place, reading in self._running.items()}
        return [ended.get(place) for place in range(len(self._readers))]

    def close(self) -> None:
        for reading in self._running.values():
            reading.close()

    def _first(self, place: int, reader: Reader) -> Sequence[Command]:
        if self._link.in_order and reader.ahead:
            return reader.ahead
        reading = self._running[place] = reader.begin(self._link.endpoint)
        return [command for command in reading.lacking if command not in COMMON]

    def _hear(
        self, place: int, reader: Reader, commands: Sequence[Command], replies: Sequence[Reply], common: Common
    ) -> None:
        reading = self._running.get(place)
        if reading is None:
            same = reader.again(commands, replies, common)
            if same is not None:
                self._same[place] = same
                return
            reading = self._running[place] = reader.begin(self._link.endpoint)
        reading.hear({**common.answers, **dict(zip(commands, replies, strict=True))})


async def _ask(link: AnyLink, questions: Sequence[Sequence[Command]]) -> list[Sequence[Reply]]:
    """The answers to every question; a command that several have in common is sent with the first."""
    known: dict[Command, Reply] = {}
    sent: list[Sequence[Command]] = []
    for commands in questions:
        if isinstance(commands, Standing):
            sent.append(commands)
        else:
            sent.append([command for command in commands if command not in known])
            known.update(dict.fromkeys(sent[-1]))
    answers = await link.ask_together(sent)
    for commands, replies in zip(sent, answers, strict=True):
        if not isinstance(commands, Standing):
            known.update(zip(commands, replies, strict=True))
    return [
        replies if isinstance(commands, Standing) else [known[command] for command in commands]
        for commands, replies in zip(questions, answers, strict=True)
    ]
