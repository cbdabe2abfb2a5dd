"""Reading many queues of one broker at once: what each of them wants to ask is sent in one round trip.

Observers do not know of it. They ask a link that only notes the question and stands still; when all of them stand, the
questions go out together, and each goes on with its own answers. What several ask alike, as the time, is asked once.
The server is asked who it is with every such trip, over the same connection: so no queue is ever taken to be another
server's than the one that told its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Final, TypeAlias

from reconciler.brokers.connect import Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.links import AnyLink
from reconciler.brokers.observation import Identity, Observation
from reconciler.brokers.observer import Found
from reconciler.brokers.redis_queue import Asks
from reconciler.brokers.wire import Command

AT_ONCE: Final = 100
"""Queues of one round trip: a few milliseconds of work, here and at the broker."""

Observe: TypeAlias = Callable[[Asks], Coroutine[Any, Any, Observation]]


class _Question:
    """Stands still with what is to be asked, and goes on with the answers."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands

    def __await__(self) -> Generator[_Question, Sequence[Reply], Sequence[Reply]]:
        return (yield self)


class _Noting:
    """In place of a link; `identity` stays unknown, so that it is asked for every time."""

    identity: Identity | None = None

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def identified(self, identity: Identity) -> None:
        """Nothing to keep: the next trip may reach another server."""

    async def ask(self, *commands: Command) -> Sequence[Reply]:
        return await _Question(commands)


async def observe_together(link: AnyLink, observers: Sequence[Observe]) -> list[Found]:
    """What each has seen, or why it could not, in their order."""
    asks = _Noting(link.endpoint)
    found: dict[int, Found] = {}
    running = {place: observe(asks) for place, observe in enumerate(observers)}
    answers: dict[int, Sequence[Reply] | None] = dict.fromkeys(running)
    try:
        while answers:
            asked: dict[int, Sequence[Command]] = {}
            for place, answer in answers.items():
                _advance(running[place], answer, place, asked, found)
            answers = dict(zip(asked, await _ask(link, list(asked.values())), strict=True)) if asked else {}
    except BrokerError as error:
        found = {place: found.get(place, error) for place in running}
    finally:
        for one in running.values():
            one.close()
    return [found[place] for place in running]


def _advance(
    one: Coroutine[Any, Any, Observation],
    answer: Sequence[Reply] | None,
    place: int,
    asked: dict[int, Sequence[Command]],
    found: dict[int, Found],
) -> None:
    try:
        question: _Question = one.send(answer)
    except StopIteration as ended:
        found[place] = ended.value
    except BrokerError as error:
        found[place] = error
    else:
        asked[place] = question.commands


async def _ask(link: AnyLink, questions: Sequence[Sequence[Command]]) -> list[Sequence[Reply]]:
    """The answers to every question; a command that several have in common is sent with the first."""
    known: dict[Command, Reply] = {}
    sent: list[list[Command]] = []
    for commands in questions:
        new = [command for command in commands if command not in known]
        known.update(dict.fromkeys(new))
        sent.append(new)
    for new, replies in zip(sent, await link.ask_together(sent), strict=True):
        known.update(zip(new, replies, strict=True))
    return [[known[command] for command in commands] for commands in questions]
