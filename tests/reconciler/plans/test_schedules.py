from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plans.schedules import LONGEST, in_force, last_begin, next_begin, of_spec, understood

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"


def spec(schedule: str, zone: str | None = None, **changes: Any) -> dict[str, Any]:
    found = {"name": "day", "schedule": schedule, "duration": "10h", "minReplicas": 4, **changes}
    return found | ({"timeZone": zone} if zone else {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BEGINS: dict[str, tuple[str, str | None, str, str | None, str | None]] = {
    "before it begins": ("0 8 * * *", None, "2026-11-25 07:59:59", "2026-11-24 08:00", "2026-11-25 08:00"),
    "at the moment it begins": ("0 8 * * *", None, "2026-11-25 08:00:00", "2026-11-25 08:00", "2026-11-26 08:00"),
    "in winter": ("0 8 * * *", BERLIN, "2026-01-15 12:00", "2026-01-15 07:00", "2026-01-16 07:00"),
    "in summer": ("0 8 * * *", BERLIN, "2026-07-15 12:00", "2026-07-15 06:00", "2026-07-16 06:00"),
    "into summer time": ("0 8 * * *", BERLIN, "2026-03-28 12:00", "2026-03-28 07:00", "2026-03-29 06:00"),
    "in no hour": ("30 2 * * *", BERLIN, "2026-03-29 12:00", "2026-03-29 01:00", "2026-03-30 00:30"),
    "in an hour that comes twice": ("30 2 * * *", BERLIN, "2026-10-25 12:00", "2026-10-25 00:30", "2026-10-26 01:30"),
    "in both, each hour": ("30 * * * *", BERLIN, "2026-10-25 01:31", "2026-10-25 01:30", "2026-10-25 02:30"),
    "in no half hour": ("15 2 * * *", LORD_HOWE, "2026-10-03 20:00", "2026-10-03 15:30", "2026-10-04 15:15"),
    "past midnight": ("0 20 * * 5", NEW_YORK, "2026-11-28 02:00", "2026-11-28 01:00", None),
    "not within a day": ("0 8 1 1 *", None, "2026-11-25 12:00", None, None),
}


@pytest.mark.parametrize(("cron", "zone", "now", "last", "after"), BEGINS.values(), ids=BEGINS.keys())
def test_when_a_schedule_begins(cron: str, zone: str | None, now: str, last: str | None, after: str | None) -> None:
    schedule = of_spec(spec(cron, zone))
    assert last_begin(schedule, at(now)) == (at(last) if last else None)
    assert next_begin(schedule, at(now)) == (at(after) if after else None)


DAY, NIGHT = spec("0 8 * * *", duration="8h"), spec("0 14 * * *", duration="8h", minReplicas=9, name="late")


@pytest.mark.parametrize(
    ("now", "want", "until", "changes"),
    [
        ("2026-11-25 07:00", None, None, "2026-11-25 08:00"),
        ("2026-11-25 09:00", "day", "2026-11-25 16:00", "2026-11-25 14:00"),
        ("2026-11-25 15:00", "late", "2026-11-25 22:00", "2026-11-25 16:00"),
        ("2026-11-25 16:00", "late", "2026-11-25 22:00", "2026-11-25 22:00"),
        ("2026-11-25 22:00", None, None, "2026-11-26 08:00"),
    ],
    ids=["before", "one", "the higher of two", "the end belongs to nobody", "after"],
)
def test_the_highest_minimum_is_in_force(now: str, want: str | None, until: str | None, changes: str) -> None:
    found = in_force(understood([DAY, NIGHT])[0], at(now))
    assert (found.schedule.name if found.schedule else None) == want
    assert found.until == (at(until) if until else None)
    assert found.changes == at(changes)


@pytest.mark.parametrize(
    ("wrong", "want"),
    [
        (spec("0 25 * * *"), "schedule day: hour: 25 is not within 0 to 23"),
        (spec("0 8 * * *", "Europe/Atlantis"), "schedule day: there is no time zone Europe/Atlantis"),
        (spec("0 8 * * *", "America"), "schedule day: there is no time zone America"),
    ],
    ids=["cron", "zone", "a folder of zones"],
)
def test_what_means_nothing_is_said_and_the_others_hold(wrong: dict[str, Any], want: str) -> None:
    found, errors = understood([wrong, NIGHT])
    assert [schedule.name for schedule in found] == ["late"]
    assert errors == (want,)


def test_nothing_lasts_longer_than_a_year() -> None:
    assert of_spec(spec("@yearly", duration="99999h")).length == LONGEST


CRONS = st.builds(
    "{} {} * * {}".format,
    st.one_of(st.integers(0, 59).map(str), st.just("*/15")),
    st.one_of(st.integers(0, 23).map(str), st.just("*"), st.just("*/6")),
    st.one_of(st.just("*"), st.integers(0, 6).map(str)),
)
ZONES = st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, "UTC", "Asia/Kathmandu", "America/Sao_Paulo"])
CHANGES = [at("2026-03-29 01:00"), at("2026-10-25 01:00"), at("2026-10-03 15:30"), at("2026-03-08 07:00")]
NEAR_ONE = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-300, 300)
)
MOMENTS = NEAR_ONE | st.integers(0, 365 * 24 * 60).map(
    lambda minutes: at("2026-01-01 00:00") + timedelta(minutes=minutes)
)


@given(CRONS, ZONES, MOMENTS)
@settings(max_examples=150)
def test_beginnings_follow_one_another(cron: str, zone: str, now: datetime) -> None:
    schedule = of_spec(spec(cron, zone, duration="200h"))
    begun, begins = last_begin(schedule, now), next_begin(schedule, now)
    assert begun is not None
    assert begun <= now
    assert last_begin(schedule, begun) == begun
    if begins is not None:
        assert now < begins <= now + timedelta(days=1)
        assert last_begin(schedule, begins) == begins
        assert last_begin(schedule, begins - timedelta(microseconds=1)) == begun


@given(CRONS, ZONES, MOMENTS)
@settings(max_examples=100)
def test_a_schedule_is_in_force_from_its_beginning_for_its_length(cron: str, zone: str, now: datetime) -> None:
    schedule = of_spec(spec(cron, zone, duration="30m"))
    begun = last_begin(schedule, now)
    expected = begun is not None and now < begun + timedelta(minutes=30)
    assert (in_force([schedule], now).schedule is not None) == expected
