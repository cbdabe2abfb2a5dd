"""`headgate policy preview`: whom a policy would hit, from files and from a cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.cluster.cluster import Cluster
from tests.policies.objects import cluster_policy, namespace, policy, pool, queue
from tests.reconciler.account import make_account


def written(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("\n---\n".join(json.dumps(obj) for obj in objects))
    return path


def preview(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["policy", "preview", *map(str, arguments)])


def elsewhere(obj: dict[str, Any], name: str) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "namespace": name}}


def to_apply(obj: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """As a person writes it: without what the API server adds."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "generation")}
    return {**obj, "metadata": metadata | ({"namespace": namespace} if namespace else {})}


LARGE = pool("large", scaling={"maxReplicas": 40})


def test_each_finding_is_told_below_its_object_in_80_columns(tmp_path: Path) -> None:
    world = written(tmp_path / "world.yaml", pool(), LARGE, elsewhere(LARGE, "shop"), queue(), namespace())
    result = preview("-f", written(tmp_path / "p.yaml", policy(action="Audit", limits={"maxReplicasPerPool": 20})))
    assert result.exit_code == 2, "there is no cluster here"
    result = preview("-f", tmp_path / "p.yaml", "--against", world)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "WorkerPool media/large",
        "  spec.scaling.maxReplicas: Invalid value: 40: at most 20",
        "      (limits.maxReplicasPerPool)",
        "Policy media/limits: 1 of 3 objects would violate it",
    ]


def test_a_cluster_policy_is_about_what_it_selects(tmp_path: Path) -> None:
    world = written(tmp_path / "world.yaml", LARGE, elsewhere(LARGE, "shop"), queue(), namespace(env="prod"))
    selecting = cluster_policy(
        limits={"maxReplicasPerPool": 20},
        match={"kinds": ["WorkerPool"], "namespaceSelector": {"matchLabels": {"env": "prod"}}},
    )
    result = preview("-f", written(tmp_path / "p.yaml", selecting), "--against", world, "-o", "json")
    (told,) = json.loads(result.output)["previews"]
    assert (told["policy"], told["lookedAt"]) == ("ClusterPolicy guardrails", 1)
    assert [(one["namespace"], one["name"]) for one in told["broken"]] == [("media", "large")]


def test_the_stored_policy_of_the_name_gives_way(tmp_path: Path) -> None:
    stored = policy(limits={"maxReplicasPerPool": 1})
    world = written(tmp_path / "world.yaml", pool(), stored)
    result = preview("-f", written(tmp_path / "p.yaml", policy(limits={"maxReplicasPerPool": 20})), "--against", world)
    assert (result.exit_code, result.output) == (0, "Policy media/limits: 0 of 1 objects would violate it\n")


@pytest.mark.parametrize(
    ("obj", "want_said"),
    [
        pytest.param(pool(), "there is no policy in", id="no policy"),
        pytest.param(policy(limits={"maxReplicasPerPool": -1}), "at least 0", id="breaks its schema"),
        pytest.param(policy(limits={"maxReplicas": 2}), "unknown field", id="has a field that there is not"),
        pytest.param(
            policy(limits={"maxRetries": 2}, defaults={"retry": {"maxRetries": 9}}),
            "spec.defaults.retry.maxRetries: Invalid value: at most 2, by limits.maxRetries of this policy",
            id="contradicts itself",
        ),
        pytest.param(
            policy(rules=[{"name": "typo", "expression": "object.spec.concurency < 9", "message": "too many"}]),
            "has no field concurency",
            id="does not compile",
        ),
    ],
)
def test_what_could_not_be_stored_has_no_preview(tmp_path: Path, obj: dict[str, Any], want_said: str) -> None:
    result = preview("-f", written(tmp_path / "p.yaml", obj), "--against", tmp_path)
    assert result.exit_code == 2
    assert want_said in " ".join(result.stderr.split())
    assert all(len(line) <= 80 for line in result.stderr.splitlines() if str(tmp_path) not in line)


@pytest.mark.parametrize(
    ("said", "wanted", "want_code"),
    [
        pytest.param((), policy, 0, id="taken where nothing is said"),
        pytest.param(("--policy-rules", "refused"), policy, 2, id="refused as the chart has it"),
        pytest.param(("--policy-rules", "refused"), cluster_policy, 0, id="taken of a ClusterPolicy all the same"),
    ],
)
def test_rules_of_a_policy_are_taken_or_refused_as_for_check(
    tmp_path: Path, said: tuple[str, ...], wanted: Callable[..., dict[str, Any]], want_code: int
) -> None:
    rules = [{"name": "few", "expression": "size(object.metadata.name) < 99", "message": "too long"}]
    world = written(tmp_path / "world.yaml", pool())
    result = preview("-f", written(tmp_path / "p.yaml", wanted(rules=rules)), "--against", world, *said)
    assert result.exit_code == want_code, result.output
    told = " ".join(result.stderr.split())
    assert ("this install takes rules in CEL from ClusterPolicies only" in told) is (want_code == 2)


def test_a_cluster_policy_does_not_reach_into_a_claimed_namespace(tmp_path: Path) -> None:
    own = {**namespace("media"), "metadata": {"name": "media", "labels": {"headgate.dev/install": "media"}}}
    world = written(tmp_path / "world.yaml", LARGE, elsewhere(LARGE, "shop"), own)
    strict = written(tmp_path / "p.yaml", cluster_policy(limits={"maxReplicasPerPool": 20}))
    result = preview("-f", strict, "--against", world)
    assert result.output.splitlines()[-1] == "ClusterPolicy guardrails: 1 of 1 objects would violate it"


@pytest.mark.control_plane
def test_the_stored_objects_of_a_cluster(kinds: Cluster, namespace: str, tmp_path: Path) -> None:
    # A new policy may have no exemption that is over, and of one that has it already nobody asks for another.
    over = {"name": "old", "rules": ["*"], "reason": "a good reason", "expirationTime": "2020-01-01T00:00:00Z"}
    before = policy(limits={"maxReplicasPerPool": 90}, exemptions=[over])
    world = [to_apply(obj, namespace) for obj in (pool("small"), LARGE, before)]
    kinds.kubectl("apply", "-f", str(written(tmp_path / "world.yaml", *world)))
    limits = elsewhere(policy(limits={"maxReplicasPerPool": 20}, exemptions=[over]), namespace)
    result = preview("-f", written(tmp_path / "p.yaml", limits), "--kubeconfig", kinds.kubeconfig)
    assert result.exit_code == 1, result.stderr
    assert result.output.splitlines()[-1] == f"Policy {namespace}/limits: 1 of 2 objects would violate it"
    renamed = {**limits, "metadata": {**limits["metadata"], "name": "new"}}
    result = preview("-f", written(tmp_path / "p.yaml", renamed), "--kubeconfig", kinds.kubeconfig)
    assert (result.exit_code, "is over already" in " ".join(result.stderr.split())) == (2, True)


@pytest.mark.control_plane
def test_what_a_cluster_policy_fills_in_counts_where_it_may_be_read(
    kinds: Cluster, namespace: str, tmp_path: Path
) -> None:
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    filling = cluster_policy(f"filling-{namespace}", match=here, defaults={"retry": {"maxRetries": 2}})
    kinds.kubectl("apply", "-f", str(written(tmp_path / "world.yaml", to_apply(queue(), namespace), to_apply(filling))))
    strict = written(tmp_path / "p.yaml", elsewhere(policy(limits={"maxRetries": 2}), namespace))
    try:
        result = preview("-f", strict, "--kubeconfig", kinds.kubeconfig)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        result = preview("-f", strict, "--kubeconfig", make_account(kinds, namespace, tmp_path))
        assert result.exit_code == 1
        assert result.stderr == (
            "headgate policy preview: clusterpolicies cannot be read with these rights: what they fill in is left out\n"
        )
    finally:
        kinds.kubectl("delete", "clusterpolicy", f"filling-{namespace}")
