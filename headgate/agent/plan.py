"""What the agent says of a worker and does to it, from what it has seen. Pure.

A proof is made of two sightings in which every process takes nothing new, runs nothing and holds nothing, the second
one newer than the first. One would not do: a fetch that ended at the moment of the first may have brought a job that
was not counted yet.

When something was seen is told in rounds. `since` is a round whose beginning lies before the moment at which it was
still true: a library that answers is seen in the present round; of one that only leaves a heartbeat, a heartbeat that
is new now has been made since the round before. So a record that carries the broker's time at that round's beginning
never seems newer than what it tells, and what a container said that has since been replaced proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """As docs/worker-contract.md has it."""

    RUNNING = "Running"
    DRAINING = "Draining"
    DRAINED = "Drained"


class Act(StrEnum):
    NOTHING = ""
    QUIET = "quiet"
    """Have it take nothing new."""
    WAKE = "wake"
    """Have it take jobs again."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process as its library shows it. `beat` is its last heartbeat; empty for one that has just answered.

    `held` are jobs that it has fetched and not started.
    """

    quiet: bool
    running: int
    held: int = 0
    completed: int = 0
    seconds: float = 0.0
    """Spent in completed jobs, where the library says so."""
    beat: str = ""

    @property
    def rests(self) -> bool:
        return self.quiet and not self.running and not self.held


Look = Mapping[str, Process]
"""The processes of this pod by a name that none has had before it; empty while none is known."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A look, and for each process the round it has been so since."""

    look: Look
    rounds: Mapping[str, int]

    @property
    def since(self) -> int:
        return min(self.rounds.values())

    @property
    def rests(self) -> bool:
        return all(process.rests for process in self.look.values())

    @property
    def quiet(self) -> bool:
        return all(process.quiet for process in self.look.values())

    @property
    def running(self) -> int:
        return sum(process.running for process in self.look.values())

    @property
    def held(self) -> int:
        return sum(process.held for process in self.look.values())


@dataclass(frozen=True, slots=True)
class Story:
    """What is remembered between rounds. `beats` are the last ones seen, with the round from which each counts, None
    for one of unknown age. `rested` is the last sighting at rest that a newer one may confirm.
    """

    beats: Mapping[str, tuple[str, int | None]]
    sight: Sight | None = None
    rested: Sight | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is None where nothing may be said."""

    state: State | None
    act: Act = Act.NOTHING


NOTHING_SEEN = Story({})


def told(story: Story, look: Look, now: int) -> Story:
    """The story after another look, in round `now`."""
    beats = {name: (process.beat, _since(story, name, process.beat, now)) for name, process in look.items()}
    rounds = {name: since for name, (_, since) in beats.items() if since is not None}
    sight = Sight(look, rounds) if look and len(rounds) == len(look) else None
    return Story(beats, sight, _rested(story, sight))


def verdict(story: Story, *, asked: bool, quieted: bool) -> Verdict:
    """`asked` is whether the drain request stands, `quieted` whether it was this agent that had the worker rest: one
    that somebody else has quieted is left alone.
    """
    sight = story.sight
    if sight is None:
        return Verdict(None)
    if not asked:
        return Verdict(State.RUNNING, Act.WAKE if quieted else Act.NOTHING)
    if not sight.quiet:
        return Verdict(State.DRAINING, Act.QUIET)
    proved = story.rested is not None and sight.rests and story.rested.since < sight.since
    return Verdict(State.DRAINED if proved else State.DRAINING)


def _since(story: Story, name: str, beat: str, now: int) -> int | None:
    if not beat:
        return now
    before = story.beats.get(name)
    if before is None:
        return None
    return before[1] if before[0] == beat else now - 1


def _rested(story: Story, sight: Sight | None) -> Sight | None:
    """The earliest sighting at rest of the very processes that rest still."""
    if sight is None or not sight.rests:
        return None
    before = story.rested
    return before if before is not None and before.look.keys() == sight.look.keys() else sight
