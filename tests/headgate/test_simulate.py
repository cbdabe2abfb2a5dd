from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main

POOL = """
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {name: emails}
spec: {broker: {redis: {url: "redis://redis.crm.svc:6379/0", layout: List}}}
---
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata: {name: emails}
spec:
  queues: [{name: emails}]
  image: registry.acme.io/crm/emails:3.1
  concurrency: 4
  scaling: {maxReplicas: 10, wait: {target: 20s}}
"""


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    path = tmp_path / "pool.yaml"
    path.write_text(POOL)
    return path


def simulate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


def test_settings_side_by_side(pool: Path, tmp_path: Path) -> None:
    picture = tmp_path / "runs.svg"
    found = simulate(
        "--pool", pool, "--trace", "constant:5", "--length", "10m", "--set", "scaling.wait.target=2m", "--plot", picture
    )
    assert found.exit_code == 0, found.output
    title, head, *rows = found.stdout.splitlines()
    assert title.endswith("jobs in 10m by constant:5")
    assert head.split()[0] == "SETTING"
    assert [row.split()[:2] for row in rows] == [["emails", "20s"], ["scaling.wait.target=2m", "120s"]]
    assert picture.read_text().startswith("<svg")


def test_the_same_call_says_the_same(pool: Path) -> None:
    one, two = (simulate("--pool", pool, "--trace", "constant:1", "--length", "5m", "-o", "json") for _ in range(2))
    assert one.stdout == two.stdout
    (result,) = json.loads(one.stdout)["results"]
    assert result["keepsTarget"] is True
    assert result["busyPodsKilled"] == 0


def test_a_target_that_is_missed_is_a_finding(pool: Path) -> None:
    found = simulate("--pool", pool, "--trace", "burst:2000:1m:10s:0", "--length", "10m", "--startup", "2m")
    assert found.exit_code == 1
    assert "is over the target of 20s" in found.stdout


def test_peers_are_played_and_not_judged(pool: Path) -> None:
    found = simulate("--pool", pool, "--trace", "constant:5", "--length", "10m", "--peers", "-o", "json")
    assert found.exit_code == 0
    assert [one["setting"] for one in json.loads(found.stdout)["results"]] == [
        "emails",
        "HPA, waiting + running",
        "KEDA, list length 5",
    ]


def test_a_recorded_load(pool: Path, tmp_path: Path) -> None:
    trace = tmp_path / "load.csv"
    trace.write_text("seconds,jobs\n0,100\n60,200\n120,0\n600,0\n")
    found = simulate("--pool", pool, "--trace", trace, "-o", "json")
    assert json.loads(found.stdout)["jobs"] == 300


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        (("--trace", "sine:1"), "pattern 'sine:1' has 1 parts: write sine:LOW:HIGH:PERIOD-TIME"),
        (("--trace", "nowhere.csv"), "No such file"),
        (("--trace", "constant:9999"), "makes more than 2000000 jobs"),
        (("--trace", "constant:1", "--set", "scaling.wait.target=soon"), "is no WorkerPool that can be played"),
        (("--trace", "constant:1", "--set", "scaling"), "is not of the form"),
    ],
)
def test_what_cannot_be_played(pool: Path, arguments: tuple[str, ...], want: str) -> None:
    found = simulate("--pool", pool, *arguments)
    assert found.exit_code == 2
    assert want in found.stderr
