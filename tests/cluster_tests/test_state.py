"""Who may use a state folder, and who may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import state
from tests.cluster.errors import BusyError, DiedError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path / "cache"))


def test_a_folder_in_use_is_refused_with_the_way_out(tmp_path: Path) -> None:
    claimed = state.claim(tmp_path / "mine")
    with pytest.raises(BusyError, match=r"already runs.*python -m tests\.cluster down --state"):
        state.claim(tmp_path / "mine")
    claimed.remove()


def test_a_folder_with_someone_elses_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo").touch()
    with pytest.raises(BusyError, match="not a cluster's state folder"):
        state.claim(tmp_path)
    with pytest.raises(BusyError, match="not a cluster's state folder"):
        state.discard(state.State(tmp_path))
    assert (tmp_path / "photo").exists()


def test_a_handed_over_cluster_is_in_use_while_something_of_it_runs(tmp_path: Path) -> None:
    claimed = state.claim(tmp_path / "mine")
    claimed.start("sleep", ["sleep", "1000"])
    claimed.detach()
    assert list(claimed.running()) == ["sleep"]
    assert claimed.in_use()
    claimed.stop("sleep")
    assert not claimed.in_use()
    claimed.remove()
    assert not claimed.path.exists()


def test_waiting_for_a_component_that_died_shows_its_log(tmp_path: Path) -> None:
    claimed = state.claim(tmp_path / "mine")
    claimed.start("broken", ["sh", "-c", "echo no such flag; exit 1"])
    with pytest.raises(DiedError, match=r"broken ended while waiting for a sign(?s:.*)no such flag"):
        claimed.wait("a sign", ["broken"], lambda: "nothing yet", 30)
    claimed.remove()
