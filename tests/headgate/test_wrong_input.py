"""What the offline commands say of input that cannot be read, or is not what it was meant to be."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.headgate.offline.sarif_schema import SARIF
from tests.policies.objects import policy, pool, queue

GOOD = """\
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {name: thumbnails, namespace: media}
spec: {broker: {redis: {layout: List, url: "redis://redis.media.svc:6379/0"}}}
"""
CRD = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b.c"}}


def call(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "a tab": (f"{GOOD}---\nkind: Queue\nspec:\n\tbroker: a\n", "stdin:8: no YAML: a tab in the indentation"),
    "a list that does not end": (
        f"{GOOD}---\nkind: WorkerPool\nspec:\n  queues: [{{name: a}}\n  image: x\n",
        "stdin:9: no YAML: did not find expected ',' or ']' while parsing a flow sequence that begins in line 8",
    ),
    "no text": (b"kind: Queue\nname: \xff\n", "stdin:2: no text in UTF-8: "),
    "a document without a kind": (
        f"{GOOD}---\nfoo: 1\n",
        "stdin:6: document 2 is no Kubernetes object: it says no kind",
    ),
    "a word": ("hello", "stdin:1: document 1 is no Kubernetes object: it says no kind"),
    "a List of something else": (
        "kind: List\nitems:\n- kind: A\n- 3\n",
        "stdin:4: items[1] of document 1 is no Kubernetes object: it says no kind",
    ),
    "nothing": ("", "there is no object in stdin"),
    "nothing but comments": ("# nothing\n---\n", "there is no object in stdin"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_named_with_its_line(case: str) -> None:
    content, want = UNREADABLE[case]
    result = call("check", "-f", "-", stdin=content)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"headgate check: {want}"), result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("check", "-f"), ("policy", "preview", "-f"), ("policy", "test"), ("replay",)])
def test_a_file_that_is_not_there_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    result = call(*command, tmp_path / "gone.yaml")
    assert result.exit_code == 2
    assert str(tmp_path / "gone.yaml") in result.stderr


def test_json_is_told_of_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"kind":\n "Queue",}')
    result = call("check", "-f", tmp_path / "a.json")
    assert (result.exit_code, "a.json:2: no JSON: " in result.stderr) == (2, True), result.stderr


def test_a_kustomization_is_to_be_built_first(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    result = call("check", "-f", tmp_path)
    assert result.exit_code == 2
    assert f"kustomize build {tmp_path} | headgate check -f -" in result.stderr


MISNAMED: dict[str, tuple[dict[str, str], str, dict[str, str] | None]] = {
    "a kind": (
        {"kind": "Queu"},
        'stdin:2: kind: Unsupported value: "Queu": no such kind; did you mean "Queue"?',
        {"op": "replace", "path": "/kind", "value": "Queue"},
    ),
    "a kind like none": (
        {"kind": "Job"},
        'stdin:2: kind: Unsupported value: "Job": one of Queue, WorkerPool, Policy, ClusterPolicy',
        None,
    ),
    "a version": (
        {"apiVersion": "work.headgate.dev/v2"},
        'stdin:1: apiVersion: Unsupported value: "work.headgate.dev/v2": write work.headgate.dev/v1, or',
        {"op": "replace", "path": "/apiVersion", "value": "work.headgate.dev/v1"},
    ),
    "no version": (
        {"apiVersion": ""},
        "stdin:1: apiVersion: Required value: write work.headgate.dev/v1",
        {"op": "replace", "path": "/apiVersion", "value": "work.headgate.dev/v1"},
    ),
}


@pytest.mark.parametrize("case", MISNAMED)
def test_what_is_meant_for_headgate_and_misspelt_does_not_pass(case: str) -> None:
    change, want, patch = MISNAMED[case]
    text = GOOD
    for key, value in change.items():
        before = next(line for line in GOOD.splitlines() if line.startswith(f"{key}:"))
        text = text.replace(before, f'{key}: "{value}"')
    result = call("check", "-f", "-", "--fix", stdin=text)
    assert result.exit_code == 1
    assert want in " ".join(result.output.split())
    assert all(len(line) <= 80 for line in result.output.splitlines() if not line.startswith("    {")), result.output
    assert (json.dumps(patch) in result.output) is (patch is not None)
    log = json.loads(call("check", "-f", "-", "-o", "sarif", stdin=text).output)
    jsonschema.validate(log, SARIF)
    assert "misnamed" in {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}


def test_a_name_with_a_space_is_a_uri_in_sarif(tmp_path: Path) -> None:
    (tmp_path / "my pool.yaml").write_text(json.dumps(pool(concurrency=0)))
    log = json.loads(call("check", "-f", tmp_path / "my pool.yaml", "-o", "sarif").output)
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == str(tmp_path / "my%20pool.yaml")


SUITE = """\
apiVersion: test.headgate.dev/v1
kind: PolicySuite
world: [gone.yaml]
tests:
- name: a
  object: {kind: Queue}
  expect: {verdict: WANTED}
"""


def test_a_suite_is_told_of_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE + "  foo: 1\n")
    result = call("policy", "test", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.replace(str(tmp_path), "").splitlines() == [
        "headgate policy test: /suite.yaml:7: tests[0].expect.verdict: must be Allow or Deny",
        "headgate policy test: /suite.yaml:8: tests[0].foo: no such field",
    ]


def test_a_suite_names_where_its_world_is_missing(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE.replace("WANTED", "Allow"))
    result = call("policy", "test", tmp_path)
    assert result.exit_code == 2
    assert f"suite.yaml:3: world[0]: {tmp_path / 'gone.yaml'}: there is no such file" in result.stderr


def test_a_log_without_a_write_of_ours_says_what_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "audit.log").write_text('{"objectRef": {"resource": "pods"}}\n')
    result = call("replay", tmp_path / "audit.log")
    assert (result.exit_code, result.stdout) == (0, "0 replayed, 0 differ\n")
    assert "does the audit policy keep work.headgate.dev at level RequestResponse?" in result.stderr


def test_a_thousand_objects_among_others_are_judged_in_seconds(tmp_path: Path) -> None:
    """As `kustomize build` puts them out: kinds of others and Lists in between."""
    objects: list[dict[str, Any]] = [policy(limits={"maxReplicasPerPool": 20}), CRD]
    objects += [queue(f"q{number}", queueName=f"q{number}") for number in range(500)]
    objects += [
        {"apiVersion": "v1", "kind": "List", "items": [pool(f"p{one}", queues=(f"q{one}",))]} for one in range(499)
    ]
    objects += [pool("large", queues=("q1",), scaling={"maxReplicas": 40})]
    begin = time.process_time()
    result = call("check", "-f", "-", stdin="\n---\n".join(map(json.dumps, objects)))
    assert time.process_time() - begin < 20, "a person waits for it"
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "1001 checked, 1 refused, 1 of other kinds not looked at"
    line = len(objects) * 2 - 1
    assert f"stdin:{line}: spec.scaling.maxReplicas: Invalid value: 40: at most 20" in result.output
