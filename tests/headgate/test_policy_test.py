"""`headgate policy test`: suites pass, fail with a diff, or are refused where they say other than they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.policies.objects import policy, pool, queue

LIMITS = policy(limits={"maxReplicasPerPool": 20}, defaults={"labels": {"team": "media"}})


def suite(**case: Any) -> dict[str, Any]:
    return {
        "apiVersion": "test.headgate.dev/v1",
        "kind": "PolicySuite",
        "objects": [LIMITS, queue()],
        "namespace": "media",
        "tests": [{"name": "a case", **case}],
    }


def run(path: Path, content: dict[str, Any] | None, *flags: str) -> Result:
    if content is not None:
        (path / "suite.yaml").write_text(json.dumps(content))
    return CliRunner().invoke(main, ["policy", "test", str(path), *flags])


LARGE = pool(scaling={"maxReplicas": 40})
PATCH = [{"op": "add", "path": "/metadata/labels", "value": {"team": "media"}}]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param({"object": pool(), "expect": {"verdict": "Allow"}}, id="allowed"),
        pytest.param({"object": LARGE, "expect": {"verdict": "Deny"}}, id="denied"),
        pytest.param(
            {"object": LARGE, "expect": {"violations": [{"rule": "maxReplicasPerPool"}]}}, id="a rule by its short name"
        ),
        pytest.param(
            {"object": LARGE, "expect": {"violations": [{"policy": "Policy limits", "message": "at most 20"}]}},
            id="a policy with its kind",
        ),
        pytest.param({"object": LARGE, "oldObject": LARGE, "expect": {"violations": []}}, id="an update tolerates"),
        pytest.param({"object": pool(), "expect": {"patch": PATCH}}, id="a patch"),
        pytest.param(
            {"object": pool(queues=("thumbs",)), "expect": {"warnings": ['no Queue "thumbs"']}}, id="part of a warning"
        ),
    ],
)
def test_what_is_expected_passes(tmp_path: Path, case: dict[str, Any]) -> None:
    result = run(tmp_path, suite(**case))
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "1 tests, 0 failed"), result.output


@pytest.mark.parametrize(
    ("case", "want"),
    [
        pytest.param(
            {"object": LARGE, "expect": {"verdict": "Allow"}}, ["verdict", "  - Allow", "  + Deny"], id="the verdict"
        ),
        pytest.param(
            {"object": LARGE, "expect": {"violations": [{"rule": "allowedImages"}]}},
            [
                "violations",
                "  - rule: allowedImages",
                "  + field: spec.scaling.maxReplicas, rule: limits.maxReplicasPerPool, policy: limits, action: Deny,"
                " message: Invalid value: 40: at most 20",
            ],
            id="another violation",
        ),
        pytest.param(
            {"object": pool(), "expect": {"warnings": ["late"], "patch": []}},
            ["warnings", "  - late", "patch", f"  + {json.dumps(PATCH[0])}"],
            id="a warning too few and a patch too many",
        ),
        pytest.param(
            {"object": {"kind": "Pod"}, "expect": {"verdict": "Allow"}},
            ["it cannot be judged: Headgate does not judge Pod"],
            id="a kind of somebody else",
        ),
        pytest.param(
            {"review": {"kind": "AdmissionReview"}, "expect": {"verdict": "Allow"}},
            ["it cannot be judged: the body is no AdmissionReview: it has no request"],
            id="a review that is none",
        ),
    ],
)
def test_what_differs_is_shown(tmp_path: Path, case: dict[str, Any], want: list[str]) -> None:
    result = run(tmp_path, suite(**case), "-o", "json")
    assert result.exit_code == 1
    assert json.loads(result.output)["tests"][0]["differences"] == want


@pytest.mark.parametrize(
    ("content", "want_said"),
    [
        pytest.param(
            suite(object=pool(), expect={"verdikt": "Deny"}), "tests[0].expect.verdikt: no such field", id="a typo"
        ),
        pytest.param(suite(object=pool(), expect={}), "tests[0].expect: expects nothing", id="a case without a wish"),
        pytest.param(
            suite(expect={"verdict": "Deny"}), "tests[0]: give exactly one of object and review", id="nothing to judge"
        ),
        pytest.param(
            {**suite(object=pool(), expect={"verdict": "Deny"}), "world": ["gone.yaml"]},
            "gone.yaml: there is no such file or folder",
            id="a world that is not there",
        ),
        pytest.param(None, "no PolicySuite in", id="no suite"),
    ],
)
def test_a_suite_that_says_nothing_does_not_pass(tmp_path: Path, content: dict[str, Any], want_said: str) -> None:
    result = run(tmp_path, content)
    assert result.exit_code == 2
    assert want_said in result.stderr
