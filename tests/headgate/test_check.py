"""`headgate check`: the verdict of the admission server, from files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonpatch
import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.chart.helm import Helm
from tests.cluster import binaries
from tests.headgate.offline.sarif_schema import SARIF
from tests.policies.objects import cluster_policy, namespace, policy, pool, queue

GUARDRAILS = cluster_policy(limits={"maxReplicasPerPool": 20}, requiredLabels=[{"key": "team"}])
OVER = """\
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata: {name: thumbnails, namespace: media}
spec:
  image: registry.acme.io/resize:2.4.1
  queues: [{name: thumbnails}]
  version: 2.4.0
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


@pytest.mark.parametrize(("said", "want_refused"), [((), False), (("--policy-rules", "refused"), True)])
def test_rules_of_a_policy_are_taken_or_refused_as_the_chart_has_it(
    tmp_path: Path, said: tuple[str, ...], want_refused: bool
) -> None:
    rules = [{"name": "a", "expression": "true", "message": "no"}]
    files = written(tmp_path / "a.yaml", policy(rules=rules, limits={"maxRetries": 5}), cluster_policy(rules=rules))
    result = check("-f", files, "--fix", *said)
    assert result.exit_code == int(want_refused)
    assert ("spec.rules: Forbidden: this install takes rules in CEL from" in result.output) is want_refused
    assert ('{"op": "remove", "path": "/spec/rules"}' in result.output) is want_refused


def test_what_is_fine_needs_no_words(tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", queue(), pool())
    result = check("-f", file)
    assert (result.exit_code, result.output) == (0, "2 checked, 0 refused\n")


def test_a_refusal_names_file_line_field_and_policy_in_80_columns(world: Path) -> None:
    result = check("-f", "-", "--policies", world, stdin=OVER)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "WorkerPool media/thumbnails: refused",
        "  stdin:9: spec.scaling.minReplica: Invalid value: unknown field; did you mean",
        '      "minReplicas"?',
        "  stdin:10: spec.scaling.maxReplicas: Invalid value: 40: at most 20",
        "      (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
        "  stdin:3: metadata.labels[team]: Required value: name the owning team",
        "      (ClusterPolicy guardrails, requiredLabels)",
        "  stdin:7: warning: version 2.4.0 is not the image's tag 2.4.1: dashboards and",
        "      rollouts will show 2.4.0",
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
    told = " ".join(result.output.split())
    assert 'stdin:7: spec.autoScaling.maxReplica: Invalid value: unknown field; did you mean "maxReplicas"?' in told
    assert "spec.scaling.maxReplicas: Invalid value: 40: at most 20" in result.output


def test_json_for_programs(world: Path) -> None:
    result = check("-f", "-", "--policies", world, "-o", "json", stdin=OVER.replace("2.4.0", "2.4.1"))
    (told,) = json.loads(result.output)["verdicts"]
    assert told["violations"][1] == {
        "field": "spec.scaling.maxReplicas",
        "line": 10,
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


BROKEN = """\
# The pool of the shop.
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata: {name: thumbnails, namespace: media}  # flow
spec:
  # how many
  concurrency: 9   # too many
  queues:
  - name: thumbnails
    wieght: 3  # misspelt
  image: registry.acme.io/resize:2.4.1
  scaling:
    maxReplicas: "40"
    minReplica: 2
  template:
    spec:
      containers:
      - name: worker
        env:
        - name: HEADGATE_MINE
          value: x
        - {name: B, value: y}
"""


IMAGE = "image: registry.acme.io/resize:2.4.1\n"
IN_TEMPLATE = BROKEN.replace(f"  {IMAGE}", "").replace("- name: worker", f"- name: worker\n        {IMAGE}".rstrip())
LARGE = {"maxReplicas": 40}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BROKEN.partition("  template:")[0], id="block style, with comments"),
        pytest.param(IN_TEMPLATE, id="a list that gets shorter"),
        pytest.param(json.dumps(pool(scaling={"maxReplicas": 40}, paused="true")), id="JSON on one line"),
        pytest.param(json.dumps(pool(scaling={"maxReplicas": 40}), indent=2), id="JSON on many lines"),
        pytest.param(yaml.safe_dump(pool(scaling=LARGE, concurrency=9)), id="lists in their key's column"),
        pytest.param(yaml.safe_dump(pool(scaling={"maxReplicas": 40})).rstrip(), id="no new line at the end"),
        pytest.param(f"{yaml.safe_dump(pool())}---\n{yaml.safe_dump(pool(concurrency=9))}", id="the second of two"),
    ],
)
def test_sarif_fixes_are_edits_that_make_it_pass(tmp_path: Path, text: str) -> None:
    world = tmp_path / "world.yaml"
    limits = {"maxReplicasPerPool": 20, "maxConcurrency": 4}
    labels = [{"key": "team", "values": ["media"]}]
    world.write_text("\n---\n".join(map(json.dumps, (queue(), policy(limits=limits, requiredLabels=labels)))))
    manifest = tmp_path / "a.yaml"
    manifest.write_text(text)
    log = json.loads(check("-f", manifest, "--policies", world, "--fix", "-o", "sarif").output)
    jsonschema.validate(log, SARIF)
    fixes = {
        json.dumps(fix["artifactChanges"]) for result in log["runs"][0]["results"] for fix in result.get("fixes", ())
    }
    assert fixes
    changes = [change for fix in fixes for change in json.loads(fix)]
    assert {change["artifactLocation"]["uri"] for change in changes} == {str(manifest)}
    manifest.write_text(edited(text, [one for change in changes for one in change["replacements"]]))
    result = check("-f", manifest, "--policies", world)
    assert result.exit_code == 0, f"{manifest.read_text()}\n{result.output}"
    for comment in ("# The pool of the shop.", "# how many"):
        assert (comment in manifest.read_text()) is (comment in text)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param("&image registry.acme.io/a:1", id="an anchor is no alias"),
        pytest.param("|-\n    registry.acme.io/a:1", id="a block of text"),
    ],
)
def test_no_edit_is_made_up_for_a_text_that_cannot_be_edited(tmp_path: Path, image: str) -> None:
    manifest = tmp_path / "a.yaml"
    spec = f"spec:\n  image: {image}\n  queues: [{{name: a}}]\n  scaling: {{maxReplicas: '4'}}\n"
    manifest.write_text(f"apiVersion: work.headgate.dev/v1\nkind: WorkerPool\nmetadata: {{name: a}}\n{spec}")
    results = json.loads(check("-f", manifest, "--fix", "-o", "sarif").output)["runs"][0]["results"]
    assert [("fixes" in result) for result in results if result["level"] == "error"] == [image.startswith("&")]


def edited(text: str, replacements: list[dict[str, Any]]) -> str:
    """What an editor makes of a text: the last replacement first, so that places stay what they are."""
    lines = text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column - 1

    places = []
    for one in replacements:
        region = one["deletedRegion"]
        start, end = (offset(region[f"{which}Line"], region[f"{which}Column"]) for which in ("start", "end"))
        places.append((start, end, one["insertedContent"]["text"]))
    for start, end, inserted in sorted(places, reverse=True):
        text = text[:start] + inserted + text[end:]
    return text


@pytest.mark.parametrize("content", ["a: [", "- 1"])
def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.yaml").write_text(content)
    result = check("-f", tmp_path / "a.yaml")
    assert result.exit_code == 2
    assert f"headgate check: {tmp_path / 'a.yaml'}:" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["-f"], ["-f", "x", "-o", "xml"]])
def test_a_wrong_call_is_no_verdict(arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2


CHART = """\
apiVersion: work.headgate.dev/v1
kind: WorkerPool
metadata:
  name: {{ .Release.Name }}-thumbnails
spec:
  queues:
  - name: thumbnails
  image: registry.acme.io/resize:2.4.1
  scaling:
    maxReplicas: {{ .Values.most }}
"""


def rendered_by_helm(folder: Path) -> str:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("most: 40\n")
    (folder / "templates" / "pool.yaml").write_text(CHART)
    (folder / "templates" / "account.yaml").write_text(json.dumps(ACCOUNT))
    return Helm().run("template", "black", folder)


def built_by_kustomize(folder: Path) -> str:
    folder.mkdir()
    written(folder / "base.yaml", ACCOUNT, pool(scaling={"maxReplicas": 40}))
    (folder / "kustomization.yaml").write_text("namePrefix: black-\nresources: [base.yaml]\n")
    done = subprocess.run(
        [binaries.kubernetes("kubectl"), "kustomize", folder], capture_output=True, text=True, check=True
    )
    return done.stdout


ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "shop", "namespace": "media"}}


@pytest.mark.parametrize("build", [rendered_by_helm, built_by_kustomize])
def test_what_others_build_is_read_from_standard_input(
    build: Callable[[Path], str], tmp_path: Path, world: Path
) -> None:
    built = build(tmp_path / "built")
    result = check("-f", "-", "--policies", world, "-n", "media", stdin=built)
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    line = next(number for number, line in enumerate(built.splitlines(), start=1) if "maxReplicas: 40" in line)
    assert told.startswith("WorkerPool media/black-thumbnails: refused")
    assert f"stdin:{line}: spec.scaling.maxReplicas: Invalid value: 40: at most 20" in told
    assert told.endswith("1 checked, 1 refused, 1 of other kinds not looked at")
