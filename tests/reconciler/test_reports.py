"""What the policies say, as a Report."""

from __future__ import annotations

from typing import Any

import pytest

from policies import MemorySnapshot
from policies.stored import stored
from reconciler import reports
from tests.policies.objects import NOW, Object, cluster_policy, policy, pool, queue

EXEMPTION = {"name": "import", "rules": ["*"], "reason": "the import of 2026", "expirationTime": "2027-06-01T00:00:00Z"}
LIMITS = {"maxReplicasPerPool": 5}


def reported(*world: Object) -> dict[str, Any] | None:
    snapshot = MemorySnapshot.of(world)
    objects = [obj for obj in world if obj["kind"] in ("Queue", "WorkerPool")]
    return reports.report("hg", "media", [(obj, stored(obj["kind"], obj, snapshot, NOW)) for obj in objects])


def told(*world: Object) -> list[tuple[str, str, str, str, str]]:
    report = reported(*world)
    assert report is not None
    fields = ("result", "severity", "policy", "rule")
    return [(*(one[field] for field in fields), one["resources"][0]["name"]) for one in report["results"]]


def test_a_finding_is_a_result() -> None:
    assert reported(queue(), policy(limits=LIMITS), pool("large"), pool("small", scaling={"maxReplicas": 2})) == {
        "apiVersion": "openreports.io/v1alpha1",
        "kind": "Report",
        "metadata": {
            "name": "headgate-hg",
            "namespace": "media",
            "labels": {"app.kubernetes.io/managed-by": "headgate", "headgate.dev/install": "hg"},
        },
        "source": "headgate",
        "configuration": {"limits": {"maxResults": 500}},
        "summary": {"pass": 2, "fail": 1, "error": 0, "warn": 0, "skip": 0},
        "results": [
            {
                "policy": "limits",
                "rule": "limits.maxReplicasPerPool",
                "result": "fail",
                "scored": True,
                "severity": "high",
                "message": "Invalid value: 10: at most 5 (Policy limits, limits.maxReplicasPerPool)",
                "properties": {"field": "spec.scaling.maxReplicas", "policyKind": "Policy"},
                "resources": [
                    {
                        "apiVersion": "work.headgate.dev/v1",
                        "kind": "WorkerPool",
                        "namespace": "media",
                        "name": "large",
                        "uid": "uid-large",
                    }
                ],
            }
        ],
    }


FAILING = {"name": "held", "expression": "object.spec.hold.replicas < 5", "message": "no", "kinds": ["WorkerPool"]}


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        ({"action": "Deny", "limits": LIMITS}, ("fail", "high", "p", "limits.maxReplicasPerPool", "large")),
        ({"action": "Warn", "limits": LIMITS}, ("warn", "medium", "p", "limits.maxReplicasPerPool", "large")),
        ({"action": "Audit", "limits": LIMITS}, ("warn", "low", "p", "limits.maxReplicasPerPool", "large")),
        ({"limits": LIMITS, "exemptions": [EXEMPTION]}, ("skip", "high", "p", "limits.maxReplicasPerPool", "large")),
        ({"rules": [FAILING]}, ("error", "high", "p", "rules.held", "large")),
    ],
    ids=["Deny fails", "Warn warns", "Audit warns", "what is exempt is skipped", "a rule that fails is an error"],
)
def test_what_each_finding_is(spec: dict[str, Any], want: tuple[str, str, str, str, str]) -> None:
    assert told(policy("p", **spec), pool("large")) == [want]


def test_the_worst_comes_first_and_the_order_is_always_the_same() -> None:
    world = [
        policy("warns", action="Warn", limits=LIMITS),
        policy("limits", limits=LIMITS),
        cluster_policy("guardrails", requiredLabels=[{"key": "team"}], match={"kinds": ["WorkerPool"]}),
        *(pool(name) for name in ("b", "a")),
    ]
    want = [
        ("fail", "high", policy, rule, name)
        for name in ("a", "b")
        for policy, rule in (("guardrails", "requiredLabels"), ("limits", "limits.maxReplicasPerPool"))
    ]
    want += [("warn", "medium", "warns", "limits.maxReplicasPerPool", name) for name in ("a", "b")]
    assert told(*world) == want
    assert reported(*world) == reported(*reversed(world))


def test_it_is_bounded_and_counts_what_it_leaves_out() -> None:
    report = reported(policy(limits=LIMITS), *(pool(f"pool-{number:03}") for number in range(700)))
    assert report is not None
    assert (len(report["results"]), report["summary"]["fail"]) == (500, 700)
    assert report["results"][0]["resources"][0]["name"] == "pool-000"


@pytest.mark.parametrize(
    "world",
    [
        pytest.param([], id="nothing at all"),
        pytest.param([pool(), queue()], id="objects under no policy"),
        pytest.param([policy(limits=LIMITS)], id="a policy about nothing"),
    ],
)
def test_a_namespace_without_anything_judged_has_none(world: list[Object]) -> None:
    assert reported(*world) is None
