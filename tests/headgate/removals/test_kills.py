"""`headgate audit kills` on what a real API server logs, and on what is no log."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.headgate.removals.objects import event, pod, running

POLICY = """
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- {level: RequestResponse, resources: [{group: "", resources: [pods, pods/status, pods/eviction]}]}
- {level: None}
"""


def kills(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", "kills", *map(str, arguments)])


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Path]]:
    """An API server that keeps an audit log, and the log."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "policy.yaml").write_text(POLICY)
    flags = (f"--audit-policy-file={folder / 'policy.yaml'}", f"--audit-log-path={folder / 'audit.log'}")
    with running_control_plane(Settings(apiserver_flags=flags)) as cluster:
        cluster.kubectl("create", "namespace", "media")
        yield cluster, folder / "audit.log"


def start(cluster: Cluster, name: str, marked: str = "") -> None:
    """A pod that the API server believes to run on a node."""
    made: dict[str, Any] = pod(name, marked=marked)
    made |= {"apiVersion": "v1", "spec": {"nodeName": "n", "containers": [{"name": "worker", "image": "i"}]}}
    del made["metadata"]["uid"]
    cluster.kubectl("-n", "media", "create", "-f", "-", stdin=json.dumps(made))
    (container,) = running()["containerStatuses"]
    container |= {"image": "i", "imageID": "i", "ready": True, "restartCount": 0}
    container["state"] = {"running": {"startedAt": "2027-01-15T08:00:00Z"}}
    status = json.dumps({"status": {"phase": "Running", "containerStatuses": [container]}})
    cluster.kubectl("-n", "media", "patch", "pod", name, "--subresource=status", "--type=merge", "-p", status)


@pytest.mark.control_plane
def test_a_real_log_tells_the_proved_from_the_killed(audited: tuple[Cluster, Path]) -> None:
    cluster, log = audited
    for name in ("idle", "idle-too"):
        start(cluster, name, marked="containerd://1")
    for name in ("busy", "busy-too"):
        start(cluster, name)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "busy", "namespace": "media"}}
    path = "/api/v1/namespaces/media/pods/busy/eviction"
    cluster.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))
    cluster.kubectl("-n", "media", "delete", "pod", "idle", "--wait=false")
    cluster.kubectl("-n", "media", "delete", "pods", "--all", "--wait=false")
    result = kills(log)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:2] == ["4 removals, 2 without proof", "  2 proved idle"]
    assert [line.split(" ", 1)[1] for line in lines[2::2]] == [
        "media/busy evicted by headgate-test-admin:",
        "media/busy-too deleted by headgate-test-admin:",
    ]
    assert lines[3] == "  of WorkerPool w, its worker ran and had not been proved idle"


def test_a_log_in_two_files_of_which_one_is_compressed(tmp_path: Path) -> None:
    older, newer = tmp_path / "audit-1.log.gz", tmp_path / "audit.log"
    older.write_bytes(gzip.compress(json.dumps(event("patch", pod(marked="containerd://1", **running()))).encode()))
    newer.write_text(json.dumps(event("create", {"kind": "Status"}, "eviction")))
    result = kills(older, newer, "-o", "json")
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert told["counts"] == {"DRAINED": 1}
    assert told["removals"][0]["how"] == "evicted"


def test_nothing_removed_is_fine(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    result = kills(tmp_path / "log")
    assert (result.exit_code, result.output) == (0, "0 removals, 0 without proof\n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"objectRef": {"resource": "pods"', id="cut off"),
        pytest.param('["pods"]', id="another shape"),
        pytest.param('{"objectRef": {"resource": "pods"}}', id="no event"),
    ],
)
def test_what_is_no_audit_log_is_said_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "log").write_text(f"{json.dumps(event('delete', pod()))}\n{line}\n")
    result = kills(tmp_path / "log")
    assert result.exit_code == 2
    assert "log, line 2: no audit event" in result.output
