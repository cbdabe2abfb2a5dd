"""Schedules that mean nothing: the schema knows their form only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from crds import cron
from crds.findings import Finding, Reason
from crds.remembering import remembered
from policies.fields import items, mapping, text
from policies.nearest import nearest
from policies.rules.rule import POOLS, BuiltInRule
from policies.subject import Subject


def schedules(subject: Subject) -> Iterable[Finding]:
    return _wrong(subject) if "schedules" in mapping(subject.spec, "scaling") else ()


def _wrong(subject: Subject) -> Iterator[Finding]:
    for path, schedule in items(subject.spec, "scaling", "schedules"):
        written, zone = text(schedule, "schedule"), text(schedule, "timeZone")
        if why := _why_not(written):
            yield Finding(f"spec.{path}.schedule", Reason.INVALID, why, written)
        if zone and not _exists(zone):
            likely = nearest(zone, sorted(available_timezones(), key=lambda known: known[:1] != zone[:1]))
            hint = f'; did you mean "{likely}"?' if likely else ""
            yield Finding(f"spec.{path}.timeZone", Reason.INVALID, f"no such time zone{hint}", zone)


@remembered(1024)
def _why_not(written: str) -> str:
    """What is wrong with a cron expression; "" for nothing, and for what has not its form: the schema says that."""
    if written.count(" ") != 4:
        return ""
    try:
        never = cron.parse(written).never
    except cron.CronError as error:
        return str(error)
    return "none of these months has such a day, so it would never begin" if never else ""


@remembered(1024)
def _exists(zone: str) -> bool:
    """Without a database of time zones none can be missed."""
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        return not available_timezones()
    return True


RULES: Final = (
    BuiltInRule(
        id="schedules",
        needs="scaling",
        kinds=POOLS,
        sentence="A schedule is a time that exists: minutes to 59, hours to 23, a day that a month of it has, a known "
        "time zone.",
        check=schedules,
    ),
)
