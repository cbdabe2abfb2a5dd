"""The nodes of a schema that hold text or a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from crds.findings import Reason
from crds.judgement import Judgement, Path
from crds.nodes import Node, integral
from crds.patterns import is_date_time

_BITS: Final = {"int32": 2**31}
_INT64: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Node):
    """`words` is said instead of the pattern; `time` asks for a day and a time of day that exist."""

    enum: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    words: str = ""
    at_least: int = 0
    at_most: int | None = None
    time: bool = False

    type: ClassVar = str
    called: ClassVar = "text"

    def judge(self, value: str, old: Any, path: Path, into: Judgement) -> None:
        if self.at_most is not None and len(value) > self.at_most:
            into.add(path, Reason.TOO_LONG, f"{len(value)} characters, at most {self.at_most}", value)
        if self.enum and value not in self.enum:
            into.add_malformed(path, Reason.NOT_SUPPORTED, f"must be one of {', '.join(self.enum)}", value)
        elif len(value) < self.at_least:
            message = "must not be empty" if self.at_least == 1 else f"at least {self.at_least} characters"
            into.add_malformed(path, Reason.INVALID, message, value)
        elif self.pattern is not None and self.pattern.search(value) is None:
            into.add_malformed(path, Reason.INVALID, self.words, value)
        elif self.time and not is_date_time(value):
            into.add_malformed(path, Reason.INVALID, "there is no such day or time", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Node):
    least: int | None = None
    most: int | None = None
    format: str = ""

    type: ClassVar = int
    called: ClassVar = "an integer"

    def decoded(self, value: Any) -> Any:
        return integral(value)

    @property
    def bound(self) -> int:
        """What the integer is less than, and no less than its negative."""
        return _BITS.get(self.format, _INT64)

    def fits(self, value: Any) -> bool:
        return type(value) is int and -self.bound <= value < self.bound

    def judge(self, value: int, old: Any, path: Path, into: Judgement) -> None:
        if self.most is not None and value > self.most:
            into.add(path, Reason.INVALID, f"at most {self.most}", value)
        if self.least is not None and value < self.least:
            into.add(path, Reason.INVALID, f"at least {self.least}", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """With a fraction or without; `beyond` is true where `least` itself is too little."""

    least: float | None = None
    most: float | None = None
    beyond: bool = False

    called: ClassVar = "a number"

    def fits(self, value: Any) -> bool:
        return type(value) is int or type(value) is float

    def judge(self, value: float, old: Any, path: Path, into: Judgement) -> None:
        if self.most is not None and value > self.most:
            into.add(path, Reason.INVALID, f"at most {self.most:g}", value)
        if self.least is not None and (value < self.least or (self.beyond and value == self.least)):
            into.add(path, Reason.INVALID, f"{'more than' if self.beyond else 'at least'} {self.least:g}", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerOrText(Node):
    """`2`, `25%` or `1500m`; bounds hold for what they are about."""

    number: Integer
    text: Text

    called: ClassVar = "an integer or text"

    def decoded(self, value: Any) -> Any:
        return integral(value)

    def fits(self, value: Any) -> bool:
        return type(value) is str or self.number.fits(value)

    def judge(self, value: Any, old: Any, path: Path, into: Judgement) -> None:
        of_type: Node = self.text if type(value) is str else self.number
        of_type.judge(value, old, path, into)
