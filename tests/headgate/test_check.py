"""`headgate check`: the verdict of the admission server, from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.policies.objects import cluster_policy, namespace, pool, queue

GUARDRAILS = cluster_policy(limits={"maxReplicasPerPool": 20}, requiredLabels=[{"key": "team"}])


def written(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("\n---\n".join(json.dumps(obj) for obj in objects))
    return path


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_what_is_fine_is_said_to_be(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", queue(), pool())
    result = check("-f", file)
    assert (result.exit_code, result.output) == (
        0,
        f"{file}: Queue media/thumbnails: fine\n{file}: WorkerPool media/thumbnails: fine\n2 checked, 0 refused\n",
    )


def test_a_refusal_is_told_as_kubectl_would_tell_it(tmp_path: Path) -> None:
    over = pool(scaling={"maxReplicas": 40, "minReplica": 1}, takeOver={"deploymentName": "old"})
    file, world = written(tmp_path / "a.yaml", over, namespace()), written(tmp_path / "world.yaml", queue(), GUARDRAILS)
    result = check("-f", file, "--policies", world)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{file}: WorkerPool media/thumbnails: refused",
        "  * spec.scaling.minReplica: Invalid value: unknown field",
        "  * spec.scaling.maxReplicas: Invalid value: 40: at most 20"
        " (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
        "  * metadata.labels[team]: Required value: name the owning team (ClusterPolicy guardrails, requiredLabels)",
        "  warning: spec.takeOver: no effect: Deployments are not adopted yet",
        "1 checked, 1 refused, 1 of other kinds not looked at",
    ]


def test_policies_among_the_files_count(tmp_path: Path) -> None:
    written(tmp_path / "policy.yaml", GUARDRAILS)
    written(tmp_path / "work.yaml", queue(), pool(metadata={"labels": {"team": "media"}}))
    result = check("-f", tmp_path)
    assert result.exit_code == 1
    assert "Queue media/thumbnails: refused" in result.output
    assert "WorkerPool media/thumbnails: fine" in result.output


def test_objects_that_name_no_namespace_are_in_the_one_that_is_given(tmp_path: Path) -> None:
    nowhere = pool()
    del nowhere["metadata"]["namespace"]
    file = written(tmp_path / "a.yaml", nowhere)
    assert f"{file}: WorkerPool default/thumbnails: fine" in check("-f", file).output
    assert f"{file}: WorkerPool bi/thumbnails: fine" in check("-f", file, "-n", "bi").output


def test_json_for_programs(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", pool())
    result = check("-f", file, "-o", "json")
    assert json.loads(result.output) == {
        "verdicts": [
            {
                "file": str(file),
                "document": 1,
                "object": "WorkerPool media/thumbnails",
                "allowed": True,
                "denials": [],
                "warnings": ['spec.queues[0].name: no Queue "thumbnails" in media yet'],
            }
        ]
    }


@pytest.mark.parametrize("content", ["a: [", "- 1"])
def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    result = check("-f", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert f"headgate check: {tmp_path / 'a.yaml'}: " in result.stderr


@pytest.mark.parametrize("arguments", [[], ["-f"], ["-f", "x", "-o", "xml"]])
def test_a_wrong_call_is_no_verdict(arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2
