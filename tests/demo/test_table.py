"""The live table: what a line says, that it fits, and which lines stay."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import table
from demo.screen import Screen
from tests.demo.building import a_sample

BUSY = a_sample(
    65,
    waiting=312,
    in_flight=28,
    oldest=4.2,
    wanted=8,
    ready=6,
    busy=6,
    draining=1,
    why="follows the jobs of thumbnails",
)


def test_a_line_stands_under_its_heading() -> None:
    assert f"{table.HEADING}\n{table.row(BUSY)}".splitlines() == [
        " TIME BACKLOG ACTIVE OLDEST  WANT READY BUSY  WHY",
        "1m05s     312     28     4s     8     6    6  follows the jobs of thumbnails",
    ]


def test_nobody_waiting_has_no_age() -> None:
    assert table.row(a_sample(oldest=3.0)).split()[3] == "-"


COUNTS = st.integers(0, 10**7)


@given(waiting=COUNTS, ready=COUNTS, seconds=st.floats(0, 10**5), why=st.text(st.characters(codec="ascii")))
def test_a_line_is_cut_in_its_words_only(waiting: int, ready: int, seconds: float, why: str) -> None:
    line = table.row(a_sample(seconds, waiting=waiting, ready=ready, oldest=seconds, why=why))
    assert len(line) <= table.WIDTH
    assert line.split()[1] == str(waiting)
    assert line.split()[5] == str(ready)


DURATIONS = {0.9: "0s", 59.9: "59s", 60: "1m00s", 125: "2m05s", 3600: "1h00m", 12_000: "3h20m", -1: "0s"}


@pytest.mark.parametrize(("seconds", "want"), DURATIONS.items())
def test_durations_are_short(seconds: float, want: str) -> None:
    assert table.duration(seconds) == want


def test_a_line_stays_every_few_seconds_and_at_decisions() -> None:
    kept = a_sample(10)
    assert table.worth_keeping(kept, None)
    assert not table.worth_keeping(a_sample(11, waiting=500), kept)
    assert table.worth_keeping(a_sample(16), kept)
    assert table.worth_keeping(a_sample(11, wanted=2), kept)
    assert table.worth_keeping(a_sample(11, why="at maxReplicas 8"), kept)
    assert table.worth_keeping(a_sample(11, revisions=2), kept)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("no real terminal")


def _shown(out: io.StringIO) -> str:
    screen = Screen(out)
    for second in range(8):
        screen.show(a_sample(second))
    screen.say("words")
    screen.end()
    return out.getvalue()


def test_elsewhere_than_on_a_terminal_there_are_only_plain_lines() -> None:
    lines = _shown(io.StringIO()).splitlines()
    assert [line.split()[0] for line in lines] == ["TIME", "0s", "6s", "words"]


def test_on_a_terminal_the_newest_line_changes_in_place() -> None:
    text = _shown(Terminal())
    assert "\x1b[2K" in text
    left = [line.rpartition("\x1b[2K")[2] for line in text.split("\n")]
    assert [line.split()[0] for line in left if line] == ["TIME", "0s", "6s", "words"]
    assert "   3s" in text
