"""When jobs arrive. Pure and seeded.

A pattern is an intensity over the run, from 0 to 1 of its length; each shape has the mean 1. `arrivals` draws a Poisson
process of that intensity with a given number of jobs: given their number, its times are independent draws from the
normalised intensity (Lewis and Shedler, 1979), so the number of jobs is exact and the gaps are those of real traffic.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Final

Shape = Callable[[float], float]

_CELLS: Final = 1000
_BURSTS: Final = ((0.20, 0.22), (0.62, 0.64))
_BURST_LENGTH: Final = sum(end - begin for begin, end in _BURSTS)


class PatternError(ValueError):
    """The pattern's text can't be read."""


def constant(_: float) -> float:
    return 1.0


def step(x: float) -> float:
    """One fifth of the later rate until the middle."""
    return 1 / 3 if x < 0.5 else 5 / 3


def ramp(x: float) -> float:
    return 2.0 * x


def sine(x: float) -> float:
    """Two periods from low to high to low."""
    return 1.0 - 0.9 * math.cos(4 * math.pi * x)


def burst(x: float) -> float:
    """Nothing but two bursts, each a fiftieth of the run long."""
    return 1.0 / _BURST_LENGTH if any(begin <= x < end for begin, end in _BURSTS) else 0.0


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {"constant": constant, "step": step, "burst": burst, "sine": sine, "ramp": ramp}
)


def parse(text: str) -> Shape:
    """Reads `burst+sine` or, with weights, `2*sine+burst`: the weighted mean of shapes. Raises PatternError."""
    parts = [_part(part) for part in text.split("+")]
    total = sum(weight for weight, _ in parts)

    def mean(x: float) -> float:
        return sum(weight * shape(x) for weight, shape in parts) / total

    return mean


def arrivals(shape: Shape, jobs: int, duration: float, seed: int) -> list[float]:
    """The seconds, in order, at which `jobs` jobs arrive within `duration`."""
    cumulated = list(itertools.accumulate((shape((i + 0.5) / _CELLS) for i in range(_CELLS)), initial=0.0))
    random = Random(seed)  # noqa: S311  # reproducible load, no secret
    return sorted(duration * _inverse(cumulated, random.random() * cumulated[-1]) for _ in range(jobs))


def _inverse(cumulated: Sequence[float], value: float) -> float:
    """The place in [0, 1) where the cumulated intensity reaches `value`, straight within a cell."""
    cell = min(bisect.bisect_right(cumulated, value), _CELLS) - 1
    inside = (value - cumulated[cell]) / (cumulated[cell + 1] - cumulated[cell])
    return (cell + inside) / _CELLS


def _part(text: str) -> tuple[float, Shape]:
    weight, _, name = text.strip().rpartition("*")
    if name.strip() not in SHAPES:
        raise PatternError(f"pattern {text.strip()!r}: use {', '.join(SHAPES)}, joined by +, with weights as 2*sine")
    try:
        number = float(weight or 1)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise PatternError(f"pattern {text.strip()!r}: the weight must be a number above 0")
    return number, SHAPES[name.strip()]
