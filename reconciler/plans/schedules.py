"""Which schedules of a pool are in force, and when that changes. Pure; times are aware datetimes.

A schedule begins at local times of its zone and lasts for so many real seconds. Where clocks go forward, a beginning
that falls into the hour that does not exist is at the first moment after it, so that nobody goes without; where they
go back, it is at the first of the two, and at both if every hour has one. That is how Vixie cron does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crds import duration
from crds.cron import Cron, CronError, parse

LONGEST: Final = timedelta(days=366)
"""How far back a beginning is looked for; no longer schedule makes sense."""
AHEAD: Final = timedelta(days=1)
"""How far ahead the next beginning is looked for; whoever asks comes back before."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`scaling.schedules[name]`, understood."""

    name: str
    cron: Cron
    zone: ZoneInfo
    length: timedelta
    replicas: int


@dataclass(frozen=True, slots=True)
class InForce:
    """The schedule with the highest minimum and until when it lasts, None without one; and the next beginning or end
    of any, None where there is none within a day.
    """

    schedule: Schedule | None
    until: datetime | None
    changes: datetime | None


class ScheduleError(ValueError):
    """A schedule that means nothing; the message names it."""


def understood(schedules: Iterable[Mapping[str, Any]]) -> tuple[tuple[Schedule, ...], tuple[str, ...]]:
    """The schedules of a spec, and what is wrong with those that cannot be followed."""
    found, wrong = [], []
    for spec in schedules:
        try:
            found.append(of_spec(spec))
        except ScheduleError as error:
            wrong.append(str(error))
    return tuple(found), tuple(wrong)


def of_spec(spec: Mapping[str, Any]) -> Schedule:
    name = str(spec["name"])
    try:
        cron = _parsed(str(spec["schedule"]))
    except CronError as error:
        raise ScheduleError(f"schedule {name}: {error}") from None
    zone = str(spec.get("timeZone") or "UTC")
    try:
        found = _zone(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"schedule {name}: there is no time zone {zone}") from None
    length = min(timedelta(seconds=duration.seconds(spec["duration"])), LONGEST)
    return Schedule(name, cron, found, length, int(spec["minReplicas"]))


def in_force(schedules: Iterable[Schedule], now: datetime) -> InForce:
    """Among equals the one that lasts longest counts."""
    ends = {schedule: begun + schedule.length for schedule in schedules if (begun := last_begin(schedule, now))}
    active = {schedule: end for schedule, end in ends.items() if end > now}
    highest = max(active, key=lambda schedule: (schedule.replicas, active[schedule]), default=None)
    begins = [begin for schedule in schedules if (begin := next_begin(schedule, now)) is not None]
    return InForce(
        schedule=highest,
        until=active[highest] if highest is not None else None,
        changes=min((*active.values(), *begins), default=None),
    )


def last_begin(schedule: Schedule, now: datetime) -> datetime | None:
    """The last beginning that is not after `now` and recent enough to be still in force at some moment."""
    day = now.astimezone(schedule.zone).date()
    earliest = (now - schedule.length).astimezone(schedule.zone).date() - timedelta(days=1)
    while day >= earliest:
        # The moments of a day may be out of order where clocks change, so all of a day are looked at.
        begun = max((moment for moment in _moments(schedule, day) if moment <= now), default=None)
        if begun is not None:
            return begun
        day -= timedelta(days=1)
    return None


def next_begin(schedule: Schedule, now: datetime) -> datetime | None:
    """The first beginning after `now`, None where there is none within a day."""
    day, last = (moment.astimezone(schedule.zone).date() for moment in (now, now + AHEAD))
    while day <= last:
        begin = min((moment for moment in _moments(schedule, day) if moment > now), default=None)
        if begin is not None:
            return begin if begin <= now + AHEAD else None
        day += timedelta(days=1)
    return None


@lru_cache(maxsize=256)
def _moments(schedule: Schedule, day: date) -> tuple[datetime, ...]:
    """Every beginning on a day, in UTC."""
    return tuple(_begins(schedule, day))


def _begins(schedule: Schedule, day: date) -> Iterator[datetime]:
    if not schedule.cron.on(day):
        return
    for hour in schedule.cron.hours:
        for minute in schedule.cron.minutes:
            local = datetime.combine(day, time(hour, minute), schedule.zone)
            first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
            if second < first:
                # In the gap the offset before it is read as if clocks had not gone forward; the gap ends in between.
                yield _end_of_gap(schedule.zone, second, first)
                continue
            yield first
            if second > first and schedule.cron.every_hour:
                yield second


def _end_of_gap(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The moment between the two at which the zone's offset changes, to the minute."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Cron:
    return parse(text)


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
