from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crds.cron import MACROS, CronError, parse


@pytest.mark.parametrize(
    ("text", "minutes", "hours"),
    [
        ("* * * * *", range(60), range(24)),
        ("0 8 * * *", [0], [8]),
        ("*/20 8-10 * * *", [0, 20, 40], [8, 9, 10]),
        ("5/25 0 * * *", [5, 30, 55], [0]),
        ("1-9/4,30 22,6 * * *", [1, 5, 9, 30], [6, 22]),
        ("@hourly", [0], range(24)),
        ("@midnight", [0], [0]),
    ],
)
def test_times_of_the_day(text: str, minutes: list[int], hours: list[int]) -> None:
    cron = parse(text)
    assert (cron.minutes, cron.hours) == (tuple(minutes), tuple(hours))


@pytest.mark.parametrize(
    ("text", "day", "want"),
    [
        ("0 8 * * 1-5", date(2026, 11, 27), True),
        ("0 8 * * 1-5", date(2026, 11, 28), False),
        ("0 8 * * mon-FRI", date(2026, 11, 27), True),
        ("0 8 * * 7", date(2026, 11, 29), True),
        ("0 8 * * 0", date(2026, 11, 29), True),
        ("0 8 * * 5-7", date(2026, 11, 29), True),
        ("0 8 29 feb *", date(2028, 2, 29), True),
        ("0 8 1,15 * *", date(2026, 11, 15), True),
        ("0 8 1,15 * *", date(2026, 11, 14), False),
        ("0 8 15 * 6", date(2026, 11, 28), True),
        ("0 8 15 * 6", date(2026, 11, 15), True),
        ("0 8 15 * 6", date(2026, 11, 16), False),
        ("0 8 */2 * 0", date(2026, 11, 29), True),
        ("0 8 */2 * 0", date(2026, 11, 22), False),
        ("@weekly", date(2026, 11, 29), True),
        ("@monthly", date(2026, 11, 1), True),
        ("@yearly", date(2026, 1, 1), True),
    ],
)
def test_days(text: str, day: date, want: bool) -> None:
    assert parse(text).on(day) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0 8 * *", "'0 8 * *' has 4 fields instead of 5"),
        ("60 8 * * *", "minute: 60 is not within 0 to 59"),
        ("0 24 * * *", "hour: 24 is not within 0 to 23"),
        ("0 8 0 * *", "day of month: 0 is not within 1 to 31"),
        ("0 8 * 13 *", "month: 13 is not within 1 to 12"),
        ("0 8 * * 8", "day of week: 8 is not within 0 to 7"),
        ("0 8 * * fri-mon", "day of week: fri-mon runs backwards"),
        ("*/0 8 * * *", "minute: '0' is no step"),
        ("*/ 8 * * *", "minute: '' is no step"),
        ("0 8 * jun-1 *", "month: jun-1 runs backwards"),
        ("0 8 * moon *", "month: 'moon' is no number"),
        ("1,, 8 * * *", "minute: '' is no number"),
        ("@never", "'@never' has 1 fields instead of 5"),
    ],
)
def test_what_means_nothing_is_named(text: str, want: str) -> None:
    with pytest.raises(CronError) as caught:
        parse(text)
    assert str(caught.value) == want


@given(
    st.sets(st.integers(0, 59), min_size=1),
    st.sets(st.integers(0, 23), min_size=1),
    st.sets(st.integers(1, 31), min_size=1),
)
def test_lists_are_taken_at_their_word(minutes: set[int], hours: set[int], days: set[int]) -> None:
    text = " ".join(",".join(map(str, part)) for part in (minutes, hours, days)) + " * *"
    cron = parse(text)
    assert (set(cron.minutes), set(cron.hours)) == (minutes, hours)
    year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [day for day in year if cron.on(day)] == [day for day in year if day.day in days]


def test_every_macro_means_something() -> None:
    for macro in MACROS:
        assert parse(macro).minutes == (0,)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0 8 30 2 *", True),
        ("0 8 29 2 *", False),
        ("0 8 31 4,6,9,11 *", True),
        ("0 8 31 4-7 *", False),
        ("0 8 30 2 1", False),
        ("0 8 * 2 *", False),
        ("@yearly", False),
    ],
)
def test_days_that_no_month_has(text: str, want: bool) -> None:
    assert parse(text).never is want
