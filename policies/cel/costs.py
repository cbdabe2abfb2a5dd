"""What every function of the language costs: steps it takes, characters it makes, and how large its result can be.

A step is about 100 ns of the engine. A function that is not in `FUNCTIONS` can't be used in a rule: the list is what
has been looked at, not what the engine happens to have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policies.cel.shapes import SCALAR, Shape, listing, text, union

PER_STEP: Final = 16
"""Characters that are compared or copied in one step."""
PER_ENTRY: Final = 32
"""Bytes an entry of a list takes in the engine."""
CALLBACK: Final = 20
"""Steps of a function that is written in Python."""
_QUOTED: Final = 6
_NUMBER: Final = 32
_PRECISE_NUMBER: Final = 1100
"""The engine prints up to 1,000 digits behind the point, where the format asks for them."""
_PATTERN: Final = 10_000
"""Steps to compile a regular expression that is not known before."""

Constant = int | str | None


class NotAllowedError(Exception):
    """A call whose cost cannot be bounded; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call, the target of a method first; `constants` holds those that are known beforehand."""

    shapes: Sequence[Shape]
    constants: Sequence[Constant]

    def constant(self, index: int) -> Constant:
        return self.constants[index] if index < len(self.constants) else None


@dataclass(frozen=True, slots=True)
class Cost:
    """`made` counts bytes that the engine keeps until the evaluation ends."""

    result: Shape = SCALAR
    steps: float = 0
    made: float = 0


Pricing = Callable[[Call], Cost]


def _free(call: Call) -> Cost:
    return Cost()


def _reads(call: Call) -> Cost:
    return Cost(steps=sum(shape.mean for shape in call.shapes) / PER_STEP)


def _compares(call: Call) -> Cost:
    return Cost(steps=min(shape.whole for shape in call.shapes) / PER_STEP)


def _matches(call: Call) -> Cost:
    compiling = 0 if call.constant(len(call.shapes) - 1) is not None else _PATTERN
    return Cost(steps=compiling + 4 * _reads(call).steps)


def _contained(call: Call) -> Cost:
    wanted, held = call.shapes
    if held.key is not None and not held.unknown:
        return Cost(steps=wanted.mean / PER_STEP)
    return Cost(steps=held.mean * (1 + min(wanted.whole, (held.entry or SCALAR).whole) / PER_STEP))


def _copies(call: Call) -> Cost:
    first = call.shapes[0]
    whole = first.whole if first.room or first.entry is not None else max(first.mean, _NUMBER)
    size = max(first.size, _NUMBER)
    return Cost(text(size, whole), whole / PER_STEP, whole)


def _quotes(call: Call) -> Cost:
    first = call.shapes[0]
    return Cost(text(_QUOTED * first.size + 2, _QUOTED * first.mean + 2), first.mean, _QUOTED * first.mean)


def _adds(call: Call) -> Cost:
    one, other = call.shapes
    size, mean = one.size + other.size, one.mean + other.mean
    entries = [shape.entry for shape in call.shapes if shape.entry is not None]
    if entries:
        return Cost(listing(size, union(entries), mean), mean, PER_ENTRY * mean)
    return Cost(text(size, mean), mean / PER_STEP, mean)


def _splits(call: Call) -> Cost:
    """The pieces together are no more than the text, so at their most there is one character in each."""
    first = call.shapes[0]
    pieces = listing(first.size + 1, text(first.size, 1), first.mean + 1)
    return Cost(pieces, first.mean, (PER_ENTRY + 1) * (first.mean + 1))


def _joins(call: Call) -> Cost:
    parts, separator = call.shapes[0], call.shapes[1].size if len(call.shapes) > 1 else 0
    entry = parts.entry or SCALAR
    size, mean = parts.size * (entry.size + separator), parts.mean * entry.mean + parts.size * separator
    return Cost(text(size, mean), mean / PER_STEP + parts.mean, mean)


def _replaces(call: Call) -> Cost:
    """An empty text to be replaced stands before, between and behind all characters."""
    whole, _, by = call.shapes[:3]
    known, limit = call.constant(1), call.constant(3)
    length = len(known) if isinstance(known, str) else 0
    times = whole.size / max(1, length) + 1
    if isinstance(limit, int) and limit >= 0:
        times = min(times, limit)
    size = whole.size + times * by.size
    linear = length > 0 and call.constant(2) is not None
    mean = whole.mean * (1 + by.size / length) if linear else size
    return Cost(text(size, mean), (whole.mean + mean) / PER_STEP, mean)


def _formats(call: Call) -> Cost:
    form, arguments = call.constant(0), call.shapes[1]
    if not isinstance(form, str):
        raise NotAllowedError("the text that format() fills in must be a constant")
    number = _PRECISE_NUMBER if "%." in form else _NUMBER
    entry = arguments.entry or SCALAR
    one = max(number, 2 * _most(entry))
    on_average = max(number, 2 * entry.whole)
    size, mean = len(form) + arguments.size * one, len(form) + arguments.size * on_average
    return Cost(text(size, mean), mean / PER_STEP, mean)


def _most(shape: Shape) -> float:
    if shape.room:
        return max(shape.size, shape.room)
    return 1 + shape.size * (1 + (_most(shape.entry) if shape.entry is not None else 0))


def _gets(call: Call) -> Cost:
    held, key = call.shapes
    return Cost(held.looped() if key.once else held.entry or SCALAR, steps=1 + key.mean / PER_STEP)


def _chooses(call: Call) -> Cost:
    return Cost(union(call.shapes[1:]))


def _either(call: Call) -> Cost:
    return Cost(union(call.shapes))


def _same(call: Call) -> Cost:
    return Cost(call.shapes[0] if call.shapes else SCALAR)


def _one_of(call: Call) -> Cost:
    return Cost(call.shapes[0].entry or SCALAR)


def _reorders(call: Call) -> Cost:
    first = call.shapes[0]
    steps = first.mean * (16 + (first.entry or SCALAR).whole / PER_STEP)
    return Cost(replace(first, room=0), steps, PER_ENTRY * first.mean)


def _reverses(call: Call) -> Cost:
    return _reorders(call) if call.shapes[0].entry is not None else _copies(call)


def _compares_all(call: Call) -> Cost:
    """Every entry of one with every entry of the other, or of itself."""
    one, other = call.shapes[0], call.shapes[-1]
    each = 1 + min((one.entry or SCALAR).whole, (other.entry or SCALAR).whole) / PER_STEP
    return Cost(steps=one.size * other.size * each)


def _distinguishes(call: Call) -> Cost:
    first = call.shapes[0]
    return Cost(replace(first, room=0), _compares_all(call).steps, PER_ENTRY * first.mean)


def _counts_up(call: Call) -> Cost:
    length = call.constant(0)
    if not isinstance(length, int):
        raise NotAllowedError("lists.range() needs a constant")
    return Cost(listing(max(0, length), SCALAR), max(0, length), PER_ENTRY * max(0, length))


def _flattens(call: Call) -> Cost:
    if len(call.shapes) > 1:
        raise NotAllowedError("flatten() takes no depth in a rule")
    first, entry = call.shapes[0], call.shapes[0].entry or SCALAR
    size = first.size * max(1, entry.size)
    return Cost(listing(size, entry.entry or SCALAR, size), size, PER_ENTRY * size)


def _calls_back(call: Call) -> Cost:
    return Cost(text(64), steps=CALLBACK + _reads(call).steps, made=64)


_FREE: Final = """
!_ -_ _&&_ _||_ _-_ _*_ _/_ _%_ @not_strictly_false __not_strictly_false__ int uint double bool type duration
timestamp getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth
getSeconds hasValue optional.none math.@max math.@min math.greatest math.least math.abs math.ceil math.floor math.round
math.trunc math.sign math.sqrt math.isNaN math.isInf math.isFinite math.bitAnd math.bitOr math.bitXor math.bitNot
math.bitShiftLeft math.bitShiftRight
"""
_READ: Final = "size startsWith endsWith contains indexOf lastIndexOf"
_COMPARE: Final = "_==_ _!=_ _<_ _<=_ _>_ _>=_"
_COPY: Final = "lowerAscii upperAscii trim substring charAt string bytes"
_REORDER: Final = "slice sort @sortByAssociatedKeys"
_QUANTITY: Final = (
    "quantity isQuantity compareTo isGreaterThan isLessThan isInteger asInteger asApproximateFloat sign add sub"
)

FUNCTIONS: Final[Mapping[str, Pricing]] = {
    **dict.fromkeys(_FREE.split(), _free),
    **dict.fromkeys(_READ.split(), _reads),
    **dict.fromkeys(_COMPARE.split(), _compares),
    **dict.fromkeys(_COPY.split(), _copies),
    **dict.fromkeys(_REORDER.split(), _reorders),
    **dict.fromkeys(_QUANTITY.split(), _calls_back),
    **dict.fromkeys(("sets.contains", "sets.equivalent", "sets.intersects"), _compares_all),
    **dict.fromkeys(("optional.of", "optional.ofNonZeroValue", "value", "dyn"), _same),
    **dict.fromkeys(("or", "orValue"), _either),
    **dict.fromkeys(("_[_]", "_[?_]"), _gets),
    **dict.fromkeys(("first", "last"), _one_of),
    "_?_:_": _chooses,
    "_+_": _adds,
    "@in": _contained,
    "matches": _matches,
    "strings.quote": _quotes,
    "split": _splits,
    "join": _joins,
    "replace": _replaces,
    "format": _formats,
    "distinct": _distinguishes,
    "lists.range": _counts_up,
    "flatten": _flattens,
    "reverse": _reverses,
}
