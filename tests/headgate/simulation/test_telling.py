from __future__ import annotations

from headgate.simulation import telling, work
from headgate.simulation.comparison import Candidate
from headgate.simulation.laws import Headgate
from headgate.simulation.lineup import Lineup
from headgate.simulation.settings import Settings


def test_whoever_watches_is_told_who_is_played_next() -> None:
    candidates = [Candidate(name, Settings(3), Headgate) for name in ("emails", "mails")]
    watched: list[str] = []
    told = telling.played(Lineup(candidates, {}, []), work.Trace([], 10.0), "nothing", 1, watched.append)
    assert watched == ["playing emails, 1 of 2", "playing mails, 2 of 2"]
    assert [one.candidate.name for one in told.results] == ["emails", "mails"]
