from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from headgate.simulation import patterns, raster

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


def test_the_help_fits_a_terminal_of_80_columns_and_names_every_pattern() -> None:
    lines = simulate("--help").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert set(patterns.usages()) <= {line.strip() for line in lines}


def test_a_picture_of_pixels(pool: Path, tmp_path: Path) -> None:
    picture = tmp_path / "runs.png"
    found = simulate("--pool", pool, "--trace", "constant:5", "--length", "1m", "--plot", picture)
    assert found.exit_code == 0, found.output
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_a_picture_of_pixels_without_the_extra(pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is played."""
    monkeypatch.setattr(raster, "MODULES", ("resvg_py_that_is_not_there", "font_source_sans_pro"))
    found = simulate("--pool", pool, "--trace", "nowhere.csv", "--plot", "runs.png")
    assert found.exit_code == 2
    assert "runs.png needs resvg_py_that_is_not_there: pip install 'headgate[png]', or write runs.svg" in found.stderr


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


def test_what_a_target_costs(pool: Path) -> None:
    arguments = ("--pool", pool, "--trace", "constant:2", "--length", "10m", "--targets", "1m,5s")
    text, told = simulate(*arguments), json.loads(simulate(*arguments, "-o", "json").stdout)
    rows = [row.split() for row in text.stdout.splitlines()[-2:]]
    assert [(row[0], row[2]) for row in rows] == [("5s", "yes"), ("60s", "yes")]
    assert [one["targetSeconds"] for one in told["prices"]] == [5, 60]
    assert [one["setting"] for one in told["results"]] == ["emails"]


def test_a_burst_of_a_second_is_not_missed(pool: Path) -> None:
    found = simulate("--pool", pool, "--trace", "burst:500:1m:1s:0", "--length", "1h", "-o", "json")
    assert json.loads(found.stdout)["jobs"] == pytest.approx(500, abs=90), "four standard deviations"


def test_two_pools_of_one_name_are_not_taken_for_one(pool: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(POOL.replace("metadata: {name: emails}", "metadata: {name: emails, namespace: other}"))
    found = simulate("--pool", pool, "--pool", other, "--trace", "constant:1")
    assert found.exit_code == 2
    assert "there are several of kind WorkerPool with the name emails: give one of them another" in found.stderr


TWO_QUEUES = POOL.replace("[{name: emails}]", "[{name: emails}, {name: bulk, waitTarget: 5m}]")


def test_each_queue_has_a_row_and_is_judged(pool: Path) -> None:
    pool.write_text(TWO_QUEUES)
    arguments = ("--pool", pool, "--trace", "emails=constant:2", "--trace", "bulk=constant:1", "--length", "10m")
    found = simulate(*arguments)
    assert found.exit_code == 0, found.output
    assert [row.split()[:2] for row in found.stdout.splitlines()[3:]] == [["emails", "20s"], ["bulk", "300s"]]
    (told,) = json.loads(simulate(*arguments, "-o", "json").stdout)["results"]
    assert [(one["name"], one["keepsTarget"]) for one in told["queues"]] == [("emails", True), ("bulk", True)]


def test_a_schedule_begins_where_the_run_does(pool: Path) -> None:
    nine = "schedules: [{name: day, schedule: 0 8 * * *, duration: 8h, minReplicas: 9}]"
    pool.write_text(POOL.replace("maxReplicas: 10,", f"maxReplicas: 10, {nine},"))
    arguments = ("--pool", pool, "--trace", "constant:0", "--length", "1h", "-o", "json", "--begin")
    hours = [
        json.loads(simulate(*arguments, f"2026-01-05T{hour}:00:00Z").stdout)["results"][0]["podHours"]
        for hour in ("07", "08")
    ]
    assert hours == [1.0, 9.0]


def test_what_is_not_played_is_said(pool: Path) -> None:
    pool.write_text(POOL.replace("concurrency: 4", "concurrency: 4\n  maxInFlight: 9"))
    found = simulate("--pool", pool, "--trace", "constant:1", "--length", "1m")
    assert found.stdout.splitlines()[-1] == "emails: not played: maxInFlight"


@pytest.mark.parametrize(
    ("arguments", "want"),
    [
        (("--trace", "sine:1"), "pattern 'sine:1' has 1 parts: write sine:LOW:HIGH:PERIOD-TIME"),
        (("--trace", "nowhere.csv"), "No such file"),
        (("--trace", "constant:9999"), "makes more than 2000000 jobs"),
        (("--trace", "constant:1", "--set", "scaling.wait.target=soon"), "scaling.wait.target=soon would be refused"),
        (("--trace", "constant:1", "--set", "scaling.wait.targt=1h"), "spec.scaling.wait.targt"),
        (("--trace", "constant:1", "--set", "scaling.minReplicas=-1"), "spec.scaling.minReplicas: Invalid value: -1"),
        (("--trace", "constant:1", "--set", "scaling"), "is not of the form"),
        (("--trace", "constant:1389"), "makes more than 2000000 jobs: lower its rate, or --length"),
        (("--trace", "burst:2000000:1m:1s:0"), "comes to 2e+06 jobs a second, which can be played for 10s at most"),
        (("--trace", "onoff:5:0s:0s"), "ON-TIME must be from 1 to 2678400, not '0s'"),
        (("--trace", "bulk=constant:1"), "a load for bulk, where the pool works off emails"),
        (("--trace", "constant:1", "--plot", "runs.gif"), "runs.gif must end in .svg or .png, which are what is drawn"),
        (("--trace", "constant:1", "--plot", "nowhere/runs.svg"), "there is no folder nowhere"),
        (("--trace", "constant:1", "--begin", "08:00"), "'08:00' is no time such as 2026-01-05T08:00:00Z"),
        (("--trace", "constant:1", "--targets", "5s,soon"), "'soon' is no duration"),
    ],
)
def test_what_cannot_be_played(pool: Path, arguments: tuple[str, ...], want: str) -> None:
    found = simulate("--pool", pool, *arguments)
    assert found.exit_code == 2
    assert want in found.stderr


def test_a_load_that_is_no_text(pool: Path, tmp_path: Path) -> None:
    trace = tmp_path / "load.csv"
    trace.write_bytes(b"seconds,jobs\n0,\xff\n")
    found = simulate("--pool", pool, "--trace", trace)
    assert (found.exit_code, found.stderr.strip()) == (
        2,
        f"headgate simulate: {trace} is no text in UTF-8: invalid start byte at byte 15",
    )


def test_a_picture_that_cannot_be_written(pool: Path, tmp_path: Path) -> None:
    (tmp_path / "runs.svg").symlink_to(tmp_path / "nowhere" / "runs.svg")
    found = simulate("--pool", pool, "--trace", "constant:0", "--length", "1m", "--plot", tmp_path / "runs.svg")
    assert found.exit_code == 2
    assert "No such file" in found.stderr
