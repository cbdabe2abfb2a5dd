"""`headgate check`: the verdict of the admission server, from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonpatch
import jsonschema
import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.headgate.offline.sarif_schema import SARIF
from tests.policies.objects import cluster_policy, namespace, pool, queue

GUARDRAILS = cluster_policy(limits={"maxReplicasPerPool": 20}, requiredLabels=[{"key": "team"}])
OVER = """\
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata: {name: thumbnails, namespace: media}
spec:
  queues: [{name: thumbnails}]
  image: registry.acme.io/resize:2.4.1
  takeOver: {deploymentName: old}
  scaling:
    minReplica: 1
    maxReplicas: 40
"""


def written(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("\n---\n".join(json.dumps(obj) for obj in objects))
    return path


def check(*arguments: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)], input=stdin)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return written(tmp_path / "world.yaml", queue(), GUARDRAILS)


def test_what_is_fine_needs_no_words(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", queue(), pool())
    result = check("-f", file)
    assert (result.exit_code, result.output) == (0, "2 checked, 0 refused\n")


def test_a_refusal_names_file_line_field_and_policy_in_80_columns(world: Path) -> None:
    result = check("-f", "-", "--policies", world, stdin=OVER)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "WorkerPool media/thumbnails: refused",
        "  stdin:9: spec.scaling.minReplica: Invalid value: unknown field",
        "  stdin:10: spec.scaling.maxReplicas: Invalid value: 40: at most 20",
        "      (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
        "  stdin:3: metadata.labels[team]: Required value: name the owning team",
        "      (ClusterPolicy guardrails, requiredLabels)",
        "  stdin:7: warning: spec.takeOver: no effect: Deployments are not adopted yet",
        "1 checked, 1 refused",
    ]


def test_the_smallest_patch_that_passes(world: Path) -> None:
    owned = OVER.replace("namespace: media}", "namespace: media, labels: {team: media}}")
    result = check("-f", "-", "--policies", world, "--fix", stdin=owned)
    assert result.exit_code == 1
    assert result.output.splitlines()[-4:-1] == [
        "  this patch would make it pass:",
        '    {"op": "move", "from": "/spec/scaling/minReplica", "path": "/spec/scaling/minReplicas"}',
        '    {"op": "replace", "path": "/spec/scaling/maxReplicas", "value": 20}',
    ]


def test_where_a_person_must_decide_no_patch_is_made_up(world: Path) -> None:
    result = check("-f", "-", "--policies", world, "--fix", stdin=OVER)
    assert "  no patch passes without your decision about metadata.labels[team]\n" in result.output


def test_a_fix_of_many_passes_when_it_is_applied(tmp_path: Path, world: Path) -> None:
    over = pool(scaling={"maxReplicas": 40}, metadata={"labels": {"team": "media"}})
    result = check("-f", written(tmp_path / "a.yaml", over), "--policies", world, "--fix", "-o", "json")
    fixed = jsonpatch.apply_patch(over, json.loads(result.output)["verdicts"][0]["fix"])
    assert check("-f", written(tmp_path / "b.yaml", fixed), "--policies", world).exit_code == 0


def test_policies_among_the_files_count(tmp_path: Path) -> None:
    written(tmp_path / "policy.yaml", GUARDRAILS)
    written(tmp_path / "work.yaml", queue(), pool(metadata={"labels": {"team": "media"}}))
    result = check("-f", tmp_path)
    assert result.exit_code == 1
    assert "Queue media/thumbnails: refused" in result.output
    assert "WorkerPool" not in result.output


def test_objects_that_name_no_namespace_are_in_the_one_that_is_given(tmp_path: Path) -> None:
    nowhere = pool()
    del nowhere["metadata"]["namespace"]
    file = written(tmp_path / "a.yaml", nowhere, namespace())
    assert "WorkerPool default/thumbnails: fine, with warnings" in check("-f", file).output
    result = check("-f", file, "-n", "bi").output
    assert "WorkerPool bi/thumbnails: fine, with warnings" in result
    assert "1 checked, 0 refused, 1 of other kinds not looked at" in result


def test_another_version_is_judged_as_it_would_be_stored(world: Path) -> None:
    older = """\
apiVersion: work.headgate.dev/v1beta1
kind: WorkerPool
metadata: {name: thumbnails, namespace: media, labels: {team: media}}
spec:
  queueSelector: {queue: thumbnails}
  template: {spec: {image: "registry.acme.io/resize:2.4.1"}}
  autoScaling: {minReplicas: 1, maxReplicas: 40, maxReplica: 3}
"""
    result = check("-f", "-", "--policies", world, stdin=older)
    assert result.exit_code == 1
    assert "stdin:7: spec.autoScaling.maxReplica: Invalid value: unknown field" in result.output
    assert "spec.scaling.maxReplicas: Invalid value: 40: at most 20" in result.output


def test_json_for_programs(world: Path) -> None:
    result = check(
        "-f", "-", "--policies", world, "-o", "json", stdin=OVER.replace("  takeOver: {deploymentName: old}\n", "")
    )
    (told,) = json.loads(result.output)["verdicts"]
    assert told["violations"][1] == {
        "field": "spec.scaling.maxReplicas",
        "line": 9,
        "rule": "limits.maxReplicasPerPool",
        "policy": "ClusterPolicy guardrails",
        "message": "Invalid value: 40: at most 20 (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
    }
    assert {key: told[key] for key in ("file", "document", "object", "allowed", "warnings")} == {
        "file": "stdin",
        "document": 1,
        "object": "WorkerPool media/thumbnails",
        "allowed": False,
        "warnings": [],
    }


def test_sarif_for_code_hosts(world: Path) -> None:
    log = json.loads(check("-f", "-", "--policies", world, "-o", "sarif", stdin=OVER).output)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    found = [
        (result["ruleId"], result["level"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for result in run["results"]
    ]
    assert found == [
        ("unknownField", "error", 9),
        ("limits.maxReplicasPerPool", "error", 10),
        ("requiredLabels", "error", 3),
        ("warning", "warning", 7),
    ]
    assert {rule for rule, _, _ in found} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}


@pytest.mark.parametrize("content", ["a: [", "- 1"])
def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    result = check("-f", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert f"headgate check: {tmp_path / 'a.yaml'}: " in result.stderr


@pytest.mark.parametrize("arguments", [[], ["-f"], ["-f", "x", "-o", "xml"]])
def test_a_wrong_call_is_no_verdict(arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2
