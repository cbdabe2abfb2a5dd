"""Loads by name: `sine:2:18:20m` is a wave between 2 and 18 jobs a second that comes back every 20 minutes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from crds import duration
from headgate.simulation import work
from headgate.simulation.work import LoadError, Rate

MOST_PER_SECOND: Final = 10_000.0
MOST_JOBS: Final = 2_000_000
MOST_DRAWS: Final = 20_000_000
"""As many jobs as there would be at a pattern's highest rate all the time: so many have to be drawn."""
LONGEST: Final = 31 * 86_400.0


class PatternError(LoadError):
    """The pattern's text cannot be read; the message says what it should be."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rate, and the most that it ever comes to: a burst of a second is easily missed between two looks."""

    rate: Rate
    highest: float


@dataclass(frozen=True, slots=True)
class Shape:
    """`usage` names the parts; each is a number, or a duration where its name ends in -time. `highest` is told by the
    same parts.
    """

    usage: str
    make: Callable[..., Rate]
    highest: Callable[..., float]

    @property
    def parts(self) -> list[str]:
        return self.usage.split(":")


def _higher(low: float, high: float, *_: float) -> float:
    return max(low, high)


def _first(rate: float, *_: float) -> float:
    return rate


def _burst(jobs: float, start: float, length: float, background: float) -> Rate:
    return work.burst(int(jobs), start, length, background)


def _highest_of_burst(jobs: float, _: float, length: float, background: float) -> float:
    return max(int(jobs) / length, background)


SHAPES: Final[Mapping[str, Shape]] = {
    "constant": Shape("RATE", work.constant, _first),
    "step": Shape("LOW:HIGH:START-TIME:END-TIME", work.step, _higher),
    "sine": Shape("LOW:HIGH:PERIOD-TIME", work.sine, _higher),
    "sawtooth": Shape("LOW:HIGH:PERIOD-TIME", work.sawtooth, _higher),
    "onoff": Shape("RATE:ON-TIME:OFF-TIME", work.on_off, _first),
    "burst": Shape("JOBS:START-TIME:LENGTH-TIME:BACKGROUND", _burst, _highest_of_burst),
}
LEAST: Final[Mapping[str, float]] = {"PERIOD-TIME": 1.0, "LENGTH-TIME": 1.0, "ON-TIME": 1.0}


def parse(text: str) -> Pattern:
    """What a pattern means, in jobs per second. Raises PatternError."""
    name, *given = text.split(":")
    shape = SHAPES.get(name)
    if shape is None:
        raise PatternError(f"no pattern {name!r}: use {', '.join(usages())}, or a file that exists")
    if len(given) != len(shape.parts):
        raise PatternError(f"pattern {text!r} has {len(given)} parts: write {name}:{shape.usage}")
    parts = [_part(part, usage) for part, usage in zip(given, shape.parts, strict=True)]
    return Pattern(shape.make(*parts), shape.highest(*parts))


def usages() -> list[str]:
    return [f"{name}:{shape.usage}" for name, shape in SHAPES.items()]


def _part(text: str, usage: str) -> float:
    try:
        value = duration.seconds(text) if usage.endswith("-TIME") else float(text)
    except ValueError as error:
        what = "a duration such as 20m" if usage.endswith("-TIME") else "a number"
        raise PatternError(f"{usage} must be {what}, not {text!r}") from error
    most = LONGEST if usage.endswith("-TIME") else MOST_JOBS if usage == "JOBS" else MOST_PER_SECOND
    least = LEAST.get(usage, 0.0)
    if not least <= value <= most:
        raise PatternError(f"{usage} must be from {least:g} to {most:.0f}, not {text!r}")
    return value
