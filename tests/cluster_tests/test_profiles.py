"""What HEADGATE_TEST_PROFILE leaves out, it leaves out visibly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scopes import LONG, scope_of

REPOSITORY = Path(__file__).parents[2]
CONFTEST = """
import pytest
from tests.profiles import Profiles, asked

@pytest.fixture
def node_cluster(): return None

@pytest.fixture
def control_plane(): return None

def pytest_configure(config):
    config.pluginmanager.register(Profiles(asked()))
"""
TESTS = """
import pytest

def test_pods(node_cluster): pass
@pytest.mark.node
def test_own_node(): pass
def test_objects(control_plane): pass
@pytest.mark.control_plane
def test_marked(): pass
def test_pure(): pass
"""


@pytest.mark.parametrize(
    ("profile", "want_run", "want_lines"),
    [
        ("unit", ["test_pure"], ["profile: unit", "deselected: 2 control-plane, 2 node"]),
        ("control-plane", ["test_pure", "test_objects", "test_marked"], ["deselects node tests", "deselected: 2 node"]),
        ("node", ["test_pure", "test_objects", "test_marked", "test_own_node", "test_pods"], ["all tests"]),
    ],
)
def test_a_profile_runs_its_tests_in_order_and_names_the_rest(
    profile: str, want_run: list[str], want_lines: list[str], tmp_path: Path
) -> None:
    done = run(profile, tmp_path)
    assert done.returncode == 0, done.stdout
    assert [line.split("::")[1].split()[0] for line in done.stdout.splitlines() if "PASSED" in line] == want_run
    for line in want_lines:
        assert line in done.stdout
    assert "skipped" not in done.stdout


def test_an_unknown_profile_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run("everything", tmp_path)
    assert done.returncode != 0
    assert "HEADGATE_TEST_PROFILE=everything: must be one of unit, control-plane, node" in done.stderr


@pytest.mark.parametrize(
    ("nodeid", "want"),
    [
        ("tests/node/test_walk.py::test_a[x]", "node"),
        ("tests/chart/test_node_install.py::test_a", "node"),
        ("tests/cluster_tests/test_node.py::test_a", "node"),
        ("tests/reconciler/test_nodes.py::test_a", "tests/reconciler/test_nodes.py"),
        ("tests/kube/test_client.py::test_a", "tests/kube/test_client.py"),
        ("tests/versions/test_served.py::test_a", "tests/versions"),
    ],
)
def test_one_worker_takes_all_that_needs_the_node_and_whole_files_of_the_rest(nodeid: str, want: str) -> None:
    assert scope_of(nodeid) == want


def test_what_is_said_to_take_long_exists() -> None:
    assert [name for name in LONG if not (REPOSITORY / name).exists()] == []


def test_several_workers_begin_with_the_node_and_end_with_what_is_short(tmp_path: Path) -> None:
    """One worker, so that the order is to be seen."""
    (tmp_path / "test_units.py").write_text(
        "import pytest\n@pytest.mark.parametrize('n', range(9))\ndef test_unit(n): pass"
    )
    (tmp_path / "test_objects.py").write_text("def test_plane(control_plane): pass")
    done = run("node", tmp_path, "-n1", "--dist=loadscope")
    assert done.returncode == 0, done.stdout
    files = re.findall(r" PASSED .*?(\w+\.py)::", done.stdout)
    assert list(dict.fromkeys(files)) == ["test_node.py", "test_objects.py", "test_units.py"], done.stdout


def test_what_needs_the_node_has_to_say_so_in_its_files_name(tmp_path: Path) -> None:
    done = run("node", tmp_path, file="test_it.py")
    assert done.returncode != 0
    assert "needs the node: put it into a file named test_node*.py" in done.stderr


def test_several_workers_name_what_is_left_out_once(tmp_path: Path) -> None:
    done = run("unit", tmp_path, "-n2")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("deselected: 2 control-plane, 2 node") == 1, done.stdout


def run(profile: str, folder: Path, *arguments: str, file: str = "test_node.py") -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / file).write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    node: x\n    control_plane: x\n")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-v",
            "-p",
            "no:cacheprovider",
            "-c",
            folder / "pytest.ini",
            folder,
            *arguments,
        ],
        env={**os.environ, "HEADGATE_TEST_PROFILE": profile, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
