"""The agent's rounds: ask every broker its time, look at the worker, decide, act, write the record. Once a second.

An error of any kind is a round in which nothing was seen, so nothing is written and the last record grows stale.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from headgate.agent import plan
from headgate.agent.connecting import LOST, Link
from headgate.agent.places import Broker, Configuration, Place
from headgate.agent.plan import Act, Look, State, Story, Verdict
from headgate.agent.record import Identity, record
from headgate.agent.speakers import Speaker

log = logging.getLogger("headgate.agent")

MOST_REQUEST_BYTES: Final = 4096
KEPT_ROUNDS: Final = 600
ENDING_SECONDS: Final = 5.0
FORGOTTEN_SECONDS: Final = 3600.0
"""Records that are so old are of agents that could not take leave."""


@dataclass(slots=True)
class Files:
    """What the agent shares with the pod. `run` is a folder that both containers may write."""

    request: Path
    run: Path

    @property
    def asked(self) -> bool | None:
        """Whether the pod is asked to drain, by its annotation or by its end; None while that is unreadable."""
        try:
            if self._ending:
                return True
            with self.request.open("rb") as file:
                return bool(file.read(MOST_REQUEST_BYTES).strip())
        except FileNotFoundError:
            return False
        except OSError:
            return None

    @property
    def _ending(self) -> bool:
        """Whether the container is being stopped: its hook says so again every second, and another may follow it."""
        try:
            return time.time() - (self.run / "stop").stat().st_mtime < ENDING_SECONDS
        except FileNotFoundError:
            return False

    @property
    def quieted(self) -> bool:
        """Whether this pod's agent has quieted its worker; it outlives a restart of the agent."""
        return (self.run / "quieted").exists()

    def remember(self, *, quieted: bool) -> None:
        if quieted:
            (self.run / "quieted").touch()
        else:
            (self.run / "quieted").unlink(missing_ok=True)

    def say(self, word: str) -> None:
        """For `headgate-wait --pre-stop`."""
        fresh = self.run / "agent.new"
        fresh.write_text(f"{word}\n")
        fresh.replace(self.run / "agent")


@dataclass(slots=True)
class Agent:
    """`speakers` are one for each broker."""

    who: Callable[[str], Identity]
    configuration: Configuration
    links: Mapping[Broker, Link]
    speakers: Sequence[Speaker]
    files: Files
    round: int = 0
    story: Story = plan.NOTHING_SEEN
    times: dict[int, dict[Broker, float]] = field(default_factory=dict)
    state: State | None = None
    blind: int = 0
    """Rounds in a row in which a broker could not be asked."""

    def step(self) -> None:
        """One round."""
        self.round += 1
        asked = self.files.asked
        found = self._look(asked=bool(asked)) if asked is not None else {}
        self.story = plan.told(self.story, found, self.round)
        decided = plan.verdict(self.story, asked=bool(asked), quieted=self.files.quieted)
        self._act(decided)
        self._write(decided)
        self._tell(decided.state)

    def leave(self) -> None:
        """Take the record away: what ended says nothing."""
        instance = self.who("").instance
        for place in self.configuration.places:
            self._try(partial(self._link(place).ask, "HDEL", place.records, instance))
        for speaker in self.speakers:
            self._try(speaker.close)

    def tidy(self) -> None:
        """Drop the records of agents that were killed, so that the hash does not grow for ever."""
        for place in self.configuration.places:
            self._try(partial(_tidy, self._link(place), place))

    def _look(self, *, asked: bool) -> Look:
        """Everything or nothing: a broker that cannot be asked may hold jobs of this worker."""
        try:
            self.times[self.round] = {broker: link.time for broker, link in self.links.items()}
            self.times.pop(self.round - KEPT_ROUNDS, None)
            looks = [speaker.look(asked=asked) for speaker in self.speakers]
        except LOST as error:
            self.blind += 1
            log.warning("nothing seen: %s", error)
            return {}
        self.blind = 0
        if not all(looks):
            return {}
        return {f"{number} {name}": one for number, look in enumerate(looks) for name, one in look.items()}

    def _act(self, decided: Verdict) -> None:
        if decided.act is Act.NOTHING:
            return
        if decided.act is Act.WAKE and self.story.sight is not None and not self.story.sight.quiet:
            self.files.remember(quieted=False)
            return
        if decided.act is Act.QUIET:
            self.files.remember(quieted=True)
        for speaker in self.speakers:
            self._try(speaker.quiet if decided.act is Act.QUIET else speaker.wake)

    def _write(self, decided: Verdict) -> None:
        sight = self.story.sight
        if decided.state is None or sight is None or sight.since not in self.times:
            return
        times = self.times[sight.since]
        alone = len(self.configuration.places) == 1
        who = self.who(self.configuration.generation)
        for place in self.configuration.places:
            text = record(who, decided.state, sight, times[place.broker], alone=alone)
            self._try(partial(self._link(place).ask, "HSET", place.records, who.instance, text))

    def _tell(self, state: State | None) -> None:
        if state is not self.state:
            log.info("the worker is %s", state or "unknown")
        self.state = state
        self._try(partial(self.files.say, state or "Unknown"))

    def _link(self, place: Place) -> Link:
        return self.links[place.broker]

    def _try(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except LOST as error:
            log.warning("could not be told: %s", error)


def _tidy(link: Link, place: Place) -> None:
    now = link.time
    _, flat = link.ask("HSCAN", place.records, "0", "COUNT", 4096)
    for instance, text in zip(flat[::2], flat[1::2], strict=True):
        if now - _said(text) > FORGOTTEN_SECONDS:
            link.ask("HDEL", place.records, instance)


def _said(text: bytes) -> float:
    """When a record was written; garbage is as old as can be."""
    try:
        return float(json.loads(text)["time"])
    except (KeyError, TypeError, ValueError):
        return 0.0
