"""`headgate policy preview`: whom a policy would hit, from files and from a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.cluster.cluster import Cluster
from tests.policies.objects import cluster_policy, namespace, policy, pool, queue


def written(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("\n---\n".join(json.dumps(obj) for obj in objects))
    return path


def preview(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["policy", "preview", *map(str, arguments)])


def elsewhere(obj: dict[str, Any], name: str) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "namespace": name}}


LARGE = pool("large", scaling={"maxReplicas": 40})


def test_each_finding_is_a_row(tmp_path: Path) -> None:
    world = written(tmp_path / "world.yaml", pool(), LARGE, elsewhere(LARGE, "shop"), queue(), namespace())
    result = preview("-f", written(tmp_path / "p.yaml", policy(action="Audit", limits={"maxReplicasPerPool": 20})))
    assert result.exit_code == 2, "there is no cluster here"
    result = preview("-f", tmp_path / "p.yaml", "--against", world)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "NAMESPACE   OBJECT             FIELD                      FINDING",
        "media       WorkerPool/large   spec.scaling.maxReplicas   Invalid value: 40: at most 20"
        " (limits.maxReplicasPerPool)",
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
        pytest.param(policy(limits={"maxReplicas": 2.5, "maxReplicasPerPool": -1}), "at least 0", id="an invalid one"),
    ],
)
def test_what_could_not_be_stored_has_no_preview(tmp_path: Path, obj: dict[str, Any], want_said: str) -> None:
    result = preview("-f", written(tmp_path / "p.yaml", obj), "--against", tmp_path)
    assert result.exit_code == 2
    assert want_said in result.stderr


@pytest.mark.control_plane
def test_the_stored_objects_of_a_cluster(kinds: Cluster, namespace: str, tmp_path: Path) -> None:
    stored = [elsewhere(pool("small"), namespace), elsewhere(LARGE, namespace)]
    for obj in stored:
        for written_by_server in ("uid", "generation"):
            del obj["metadata"][written_by_server]
    kinds.kubectl("apply", "-f", str(written(tmp_path / "world.yaml", *stored)))
    limits = elsewhere(policy(limits={"maxReplicasPerPool": 20}), namespace)
    result = preview("-f", written(tmp_path / "p.yaml", limits), "--kubeconfig", kinds.kubeconfig)
    assert result.exit_code == 1, result.stderr
    assert result.output.splitlines()[-1] == f"Policy {namespace}/limits: 1 of 2 objects would violate it"
