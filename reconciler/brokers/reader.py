"""One queue that is read again and again: what it will ask is known from the last time, and often what it means.

Observers do not know of it. They ask something that only notes the question and stands still, and go on when the
answers are there. What was asked in the first place of the last reading is asked ahead, and so is what two readings in
a row have asked because of that: so most readings take one round trip. Where every answer is the same as the last
time, and time has not changed what they mean, so is the observation.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeAlias

from reconciler.brokers.connect import Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Identity, Observation
from reconciler.brokers.observer import Found
from reconciler.brokers.questions import Command, Standing
from reconciler.brokers.records import parse_all
from reconciler.brokers.redis_queue import Asks, identity_of, identity_questions, scanned, told_time

Observe: TypeAlias = Callable[[Asks], Coroutine[Any, Any, Observation]]
SAME_SECONDS: Final = 60.0
"""Answers are looked at in full so often, also where they have not changed: a job's time is judged by the time."""
COMMON: Final = tuple(identity_questions(identified=False).values())


@dataclass(frozen=True, slots=True)
class Common:
    """What is asked once for all queues of a trip: the broker's `time`, None where it does not tell, and who it is."""

    answers: Mapping[Command, Reply]
    time: float | None
    identity: Identity

    @classmethod
    def of(cls, answers: Mapping[Command, Reply]) -> Common:
        time, server, replication = (answers[command] for command in COMMON)
        return cls(answers, told_time(time), identity_of(server, replication))


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


class Reading:
    """One reading under way. `rounds` are its questions so far; `found` is None until it has ended, and `lacking` then
    says what it stands still for.
    """

    def __init__(self, observing: Coroutine[Any, Any, Observation]) -> None:
        self.rounds: list[Sequence[Command]] = []
        self.lacking: Sequence[Command] = ()
        self.found: Found | None = None
        self._observing = observing
        self._known: dict[Command, Reply] = {}
        self._advance(None)

    def hear(self, answers: Mapping[Command, Reply]) -> None:
        """Goes on as far as what is known by now leads."""
        self._known.update(answers)
        while self.found is None:
            wanted = self.rounds[-1]
            self.lacking = [command for command in wanted if command not in self._known]
            if self.lacking:
                return
            self._advance([self._known[command] for command in wanted])

    def close(self) -> None:
        self._observing.close()

    def _advance(self, answers: Sequence[Reply] | None) -> None:
        self.lacking = ()
        try:
            question: _Question = self._observing.send(answers)
        except StopIteration as ended:
            self.found = ended.value
        except BrokerError as error:
            self.found = error
        else:
            self.rounds.append(question.commands)
            self.lacking = question.commands


class Reader:
    """`ahead` is what the next reading begins with, without what is asked once for all; empty while that is unknown.

    Two readings of a queue may be under way at once, where passes are late, and what is asked ahead changes meanwhile:
    answers mean something only together with what was asked.
    """

    def __init__(self, observe: Observe) -> None:
        self.ahead: Sequence[Command] = ()
        self._observe = observe
        self._rounds: Sequence[Sequence[Command]] = ()
        self._settled = False
        self._same: tuple[Sequence[Command], Sequence[Reply], Observation] | None = None
        self._worked_out_at = 0.0

    def begin(self, endpoint: Endpoint) -> Reading:
        return Reading(self._observe(_Noting(endpoint)))

    def again(self, asked: Sequence[Command], answers: Sequence[Reply], common: Common) -> Observation | None:
        """What the answers to something asked ahead mean, where that follows from what they meant the last time."""
        if self._same is None or self._same[0] is not asked or common.time is None:
            return None
        _, before, seen = self._same
        holds = seen.time <= common.time < min(seen.same_until, self._worked_out_at + SAME_SECONDS)
        if not holds or seen.identity != common.identity:
            return None
        if before == answers:
            return seen.at(common.time)
        differing = [place for place, pair in enumerate(zip(before, answers, strict=True)) if pair[0] != pair[1]]
        only_told = [asked[place][0] for place in differing] == ["HSCAN"]
        found = self._told(answers[differing[0]], seen, common.time) if only_told else None
        self._same = None if found is None else (asked, answers, found)
        return found

    def _told(self, answer: Reply, seen: Observation, now: float) -> Observation | None:
        """The same with other status records, where these differ only in when they were written."""
        records = scanned(answer)
        if records is None or records.keys() != seen.records.keys():
            return None
        workers = parse_all(records, now)
        return seen.told(now, workers, records, workers.same_until(now)) if workers.only_later(seen.workers) else None

    def learn(self, reading: Reading, asked: Sequence[Command], answers: Sequence[Reply]) -> None:
        """Remembers a reading that has ended, and began with the `answers` to what was `asked`."""
        found = reading.found
        self._same = None
        if not isinstance(found, Observation):
            return
        lasts = found.same_until > found.time
        again = reading.rounds == self._rounds
        if not (again and self._settled and lasts == isinstance(asked, Standing)):
            self._expect(reading.rounds, lasts)
        elif lasts:
            self._same, self._worked_out_at = (asked, answers, found), found.time
        self._settled, self._rounds = again, reading.rounds

    def _expect(self, rounds: Sequence[Sequence[Command]], lasts: bool) -> None:
        before = {*_own(self._rounds[1:])}
        ahead = (*_own(rounds[:1]), *(command for command in _own(rounds[1:]) if command in before))
        if ahead != self.ahead or lasts != isinstance(self.ahead, Standing):
            self.ahead = Standing(*ahead) if lasts else ahead


def _own(rounds: Sequence[Sequence[Command]]) -> Sequence[Command]:
    """What one queue alone asked, each once."""
    return [command for command in dict.fromkeys(chain.from_iterable(rounds)) if command not in COMMON]
