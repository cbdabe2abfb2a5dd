"""What `--trace` says, as one load. What a file holds is handed in by whoever reads it. Pure otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from crds import duration
from headgate.simulation import patterns, recorded, work
from headgate.simulation.patterns import LONGEST, MOST_DRAWS, MOST_JOBS, Pattern
from headgate.simulation.work import ANY_QUEUE, LoadError, Sampler, Trace, together

APART: Final = 100_003
"""Between the seeds of two queues, so that their jobs do not come at the same moments."""
Contents = Callable[[str], str | None]
"""The text of a file; None where there is none of that name and a pattern is meant."""


@dataclass(frozen=True, slots=True)
class Draw:
    """How jobs are drawn: seconds that one takes on average, their squared variation, the length of a run, the seed."""

    service: float
    cv2: float
    length: float
    seed: int

    @property
    def sampler(self) -> Sampler:
        if self.cv2 == 0:
            return work.fixed(self.service)
        return work.exponential(self.service) if self.cv2 == 1 else work.lognormal(self.service, self.cv2)


def load(texts: Sequence[str], draw: Draw, contents: Contents) -> Trace:
    """One load, or several of which each begins with the name of its queue, as in `urgent=constant:5`.

    Raises LoadError.
    """
    parts = [_named(text) for text in texts]
    names = [name for name, _ in parts]
    if len(texts) > 1 and (ANY_QUEUE in names or len(set(names)) < len(names)):
        raise LoadError("several loads: write each with a queue of its own, as urgent=constant:5")
    found = {name: _one(text, draw, draw.seed + APART * place, contents) for place, (name, text) in enumerate(parts)}
    if names == [ANY_QUEUE]:
        return found[ANY_QUEUE]
    if any(one.queues != (ANY_QUEUE,) for one in found.values()):
        raise LoadError("a file with the column queue is a load by itself, without a queue's name before it")
    return together(found)


def _named(text: str) -> tuple[str, str]:
    name, equals, rest = text.partition("=")
    return (name.strip(), rest.strip()) if equals else (ANY_QUEUE, text)


def _one(text: str, draw: Draw, seed: int, contents: Contents) -> Trace:
    if (recording := contents(text)) is not None:
        try:
            return recorded.trace(recording, draw.sampler, draw.service, seed)
        except LoadError as error:
            raise LoadError(f"{text}: {error}") from error
    if draw.length > LONGEST:
        raise LoadError(f"a run is at most {duration.text(LONGEST)} long")
    return _drawn(text, patterns.parse(text), draw, seed)


def _drawn(text: str, pattern: Pattern, draw: Draw, seed: int) -> Trace:
    """Refused before anything is drawn, as far as a look at many moments tells."""
    rate, length = pattern.rate, draw.length
    expected = sum(rate(length * step / 1000) for step in range(1000)) * length / 1000
    if expected > MOST_JOBS and pattern.highest * length > MOST_JOBS:
        raise _too_many(text, length)
    if pattern.highest * length > MOST_DRAWS:
        told = f"{text} comes to {pattern.highest:g} jobs a second"
        raise LoadError(f"{told}, which can be played for {MOST_DRAWS / pattern.highest:.0f}s at most: use --length")
    found = work.poisson(rate, draw.sampler, length, seed, pattern.highest)
    if len(found.jobs) > MOST_JOBS:
        raise _too_many(text, length)
    return found


def _too_many(text: str, length: float) -> LoadError:
    told = f"{text} for {duration.text(length)} makes more than {MOST_JOBS} jobs"
    return LoadError(f"{told}: lower its rate, or --length")
