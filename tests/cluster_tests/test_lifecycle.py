"""Whatever happens to the process that started a cluster, nothing of it stays."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.cluster import builder, processes, state, waiting
from tests.cluster.processes import Process
from tests.cluster_tests.runs import alive, another_run

pytestmark = pytest.mark.control_plane


@pytest.fixture(autouse=True)
def own_clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache with the same programs and no other clusters, so that nobody else cleans up after ours."""
    for tool in (*builder.TOOLS, builder.OLDEST_KUBERNETES):
        if tool.folder().exists():
            (tmp_path / tool.name).symlink_to(tool.folder())
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path))


def test_a_run_that_ends_in_order_leaves_nothing() -> None:
    with another_run("running_control_plane") as (run, cluster):
        started = list(cluster.running().values())
        assert len(started) == 4, "etcd, kube-apiserver, kube-controller-manager and the janitor"
        run.communicate()
    assert alive(started) is None
    assert not cluster.path.exists()


def test_a_killed_run_is_cleaned_up_after_by_its_janitor() -> None:
    with another_run("running_control_plane") as (run, cluster):
        started = list(cluster.running().values())
        run.kill()
    waiting.until("the janitor's work", lambda: alive(started), 30)
    waiting.until("the state folder to go", lambda: str(cluster.path) if cluster.path.exists() else None, 30)


def test_a_killed_run_with_a_killed_janitor_is_cleaned_up_after_by_the_next_start() -> None:
    with another_run("running_control_plane") as (run, cluster):
        started = list(cluster.running().values())
        os.kill(cluster.running()["janitor"].pid, signal.SIGKILL)
        run.kill()
    assert alive(started) is not None, "nobody is left to stop them"
    state.claim().remove()
    assert alive(started) is None
    assert not cluster.path.exists()


def test_a_process_with_the_same_id_but_another_start_is_never_stopped() -> None:
    ours = processes.current()
    impostor = Process(ours.pid, ours.start_ticks - 1, ours.boot_id)
    processes.stop([impostor], grace_seconds=0)
    assert not impostor.alive()
    assert ours.alive()


def test_a_record_of_an_earlier_boot_names_no_process() -> None:
    ours = processes.current()
    assert not Process(ours.pid, ours.start_ticks, "00000000-0000-0000-0000-000000000000").alive()
