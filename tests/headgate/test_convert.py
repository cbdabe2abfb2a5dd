"""`headgate convert` as people call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.crds import beta
from tests.crds.objects import cluster_policy, pool, queue


def convert(folder: Path, *objects: dict[str, Any], flags: tuple[str, ...] = ()) -> Result:
    file = folder / "given.yaml"
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return CliRunner().invoke(main, ["convert", "-f", str(file), *flags])


def test_to_v1_with_notes(tmp_path: Path) -> None:
    done = convert(tmp_path, beta.queue(priority="high"), queue("mails"))

    assert done.exit_code == 0, done.output
    assert done.output.startswith(
        "# note: spec.priority has no effect: v1 orders queues in spec.queues of the WorkerPool\n"
        "apiVersion: work.headgate.dev/v1\n"
    )
    assert [obj["apiVersion"] for obj in yaml.safe_load_all(done.output)] == ["work.headgate.dev/v1"] * 2


def test_there_and_back(tmp_path: Path) -> None:
    given = pool(version="1.2", args=["-v"])

    there = convert(tmp_path, given, flags=("--to", "v1beta1"))
    back = convert(tmp_path, *yaml.safe_load_all(there.output))

    assert list(yaml.safe_load_all(back.output)) == [given]


def test_what_would_be_refused_is_said_and_tells_the_exit_code(tmp_path: Path) -> None:
    done = convert(tmp_path, beta.pool({"concurrency": 9, "maxInFlight": 5}), flags=("-o", "json"))

    assert done.exit_code == 1
    (entry,) = json.loads(done.output)["converted"]
    assert entry["refused"] == ["spec.maxInFlight: Invalid value: 5: must be at least concurrency, 9"]


@pytest.mark.parametrize(
    ("objects", "flags", "want"),
    [
        pytest.param([cluster_policy()], ("--to", "v1beta1"), "no conversion of ClusterPolicy", id="one version only"),
        pytest.param([queue()], ("--from", "keda"), "nothing of keda among 1 objects", id="nothing to convert"),
        pytest.param([{"kind": 5}], (), "document 1 is no Kubernetes object", id="no manifest"),
    ],
)
def test_what_cannot_be_converted(objects: list[Any], flags: tuple[str, ...], want: str, tmp_path: Path) -> None:
    done = convert(tmp_path, *objects, flags=flags)

    assert done.exit_code == 2
    assert want in done.output
