"""Cron expressions of five fields, as the schedules of a WorkerPool have them. Pure.

Minute, hour, day of month, month, day of week; `*`, numbers, ranges `a-b`, steps `*/n`, `a-b/n` and `a/n`, lists, and
English names of months and days; 7 is Sunday as 0 is. `@hourly`, `@daily` and the like stand for what they say. Where
day of month and day of week are both restricted, either is enough, as cron has it since 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

MACROS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST: Final = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""Days of the months that have fewer than 31, in the longest of years."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronError(ValueError):
    """The expression means nothing; the message says which part of it, and why."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + (1 if self.low == 1 else 0)
        if not (text.isascii() and text.isdigit()):
            raise CronError(f"{self.name}: {text!r} is no number")
        if not self.low <= int(text) <= self.high:
            raise CronError(f"{self.name}: {text} is not within {self.low} to {self.high}")
        return int(text)

    def values(self, text: str) -> frozenset[int]:
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, part: str) -> range:
        span, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
            raise CronError(f"{self.name}: {step!r} is no step")
        if span == "*":
            return range(self.low, self.high + 1, int(step or 1))
        first, dash, last = span.partition("-")
        low = self.number(first)
        high = self.number(last) if dash else self.high if slash else low
        if low > high:
            raise CronError(f"{self.name}: {span} runs backwards")
        return range(low, high + 1, int(step or 1))


_MINUTE: Final = _Field("minute", 0, 59)
_HOUR: Final = _Field("hour", 0, 23)
_DAY: Final = _Field("day of month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTHS)
_WEEKDAY: Final = _Field("day of week", 0, 7, _DAYS)


@dataclass(frozen=True, slots=True)
class Cron:
    """Minutes and hours ascending. `every_hour` says that the hours are not restricted; `either_day` that one of the
    two kinds of day is enough.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    every_hour: bool
    either_day: bool

    @property
    def never(self) -> bool:
        """Whether it means days that none of its months has, as the 30th of February."""
        first = min(self.days)
        return not self.either_day and all(first > _LONGEST.get(month, 31) for month in self.months)

    def on(self, day: date) -> bool:
        """Whether it fires at all on a day."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def parse(text: str) -> Cron:
    """Raises CronError."""
    fields = MACROS.get(text, text).split(" ")
    if len(fields) != 5:
        raise CronError(f"{text!r} has {len(fields)} fields instead of 5")
    minute, hour, day, month, weekday = fields
    return Cron(
        minutes=tuple(sorted(_MINUTE.values(minute))),
        hours=tuple(sorted(_HOUR.values(hour))),
        days=_DAY.values(day),
        months=_MONTH.values(month),
        weekdays=frozenset(value % 7 for value in _WEEKDAY.values(weekday)),
        every_hour=hour.startswith("*"),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
    )
