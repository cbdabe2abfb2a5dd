"""The Deployment, the configuration and the disruption budget of a pool."""

from __future__ import annotations

from typing import Any

from policies import effective
from reconciler.children.budget import disruption_budget
from reconciler.children.config import WorkedQueue, config_map, configuration
from reconciler.children.deployment import deployment
from reconciler.children.names import Owner
from reconciler.children.stateful_set import stateful_set
from reconciler.children.template import pod_template
from tests.reconciler.children.objects import effective_of, make_pool, make_queue


def configured(pool: dict[str, Any], *queues: dict[str, Any]) -> dict[str, Any]:
    worked = [
        WorkedQueue(queue, effective.queue(queue["spec"]), {"name": queue["metadata"]["name"]}) for queue in queues
    ]
    return configuration(Owner.of(pool), effective_of(pool, *queues), worked)


def test_a_deployment_has_no_owner_and_leaves_its_replicas_to_others() -> None:
    pool, queue = make_pool(), make_queue()
    template = pod_template(pool, [queue], effective_of(pool, queue))
    made = deployment(Owner.of(pool), template, "0a1b2c3d", paused=True)
    assert made["metadata"]["name"] == "thumbnails-0a1b2c3d"
    assert "ownerReferences" not in made["metadata"]
    assert "replicas" not in made["spec"]
    assert made["spec"]["paused"] is True
    selector = made["spec"]["selector"]["matchLabels"]
    assert selector == {"headgate.dev/pool-uid": "uid-pool", "headgate.dev/revision": "0a1b2c3d"}
    assert selector.items() <= made["spec"]["template"]["metadata"]["labels"].items()
    assert {"name": "HEADGATE_REVISION", "value": "0a1b2c3d"} in made["spec"]["template"]["spec"]["containers"][0][
        "env"
    ]


def test_a_stateful_set_replaces_nobody_by_itself_and_keeps_its_claims() -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    retention = {"whenScaled": "Delete"}
    workload = {"type": "StatefulSet", "volumeClaimTemplates": [claim]}
    pool, queue = make_pool(workload=workload), make_queue()
    template = pod_template(pool, [queue], effective_of(pool, queue))
    made = stateful_set(Owner.of(pool), template, "0a1b2c3d", workload)
    assert made["metadata"]["name"] == "thumbnails"
    assert "ownerReferences" not in made["metadata"]
    assert "replicas" not in made["spec"]
    assert (made["spec"]["updateStrategy"], made["spec"]["podManagementPolicy"]) == ({"type": "OnDelete"}, "Parallel")
    assert made["spec"]["selector"]["matchLabels"] == {"headgate.dev/pool-uid": "uid-pool"}
    assert made["spec"]["template"]["metadata"]["labels"]["headgate.dev/revision"] == "0a1b2c3d"
    assert [one["metadata"]["name"] for one in made["spec"]["volumeClaimTemplates"]] == ["data"]
    kept = made["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert kept == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    given = stateful_set(
        Owner.of(pool), template, "0a1b2c3d", {**workload, "persistentVolumeClaimRetentionPolicy": retention}
    )
    kept = given["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert kept == {"whenDeleted": "Retain", "whenScaled": "Delete"}


def test_the_configuration_says_what_is_in_force() -> None:
    queue = make_queue(queueName="thumbs", rateLimit={"jobs": 300, "per": "1m"}, priorities=["high", "low"])
    content = configured(make_pool(concurrency=4), queue)
    (said,) = content["queues"]
    assert (said["queueName"], said["deadLetter"]) == ("thumbs", "thumbs:dead")
    assert (said["processingKey"], said["priorities"]) == ("thumbs:processing", ["high", "low"])
    assert said["rateLimit"] == {"jobs": 300, "perSeconds": 60.0, "burst": 300}
    want_retry = {"maxRetries": 3, "initialSeconds": 1.0, "maxSeconds": 30.0, "multiplier": 2.0, "jitterPercent": 20}
    assert said["retry"] == want_retry


def test_equal_content_has_an_equal_generation() -> None:
    pool, queue = make_pool(), make_queue()
    assert configured(pool, queue) == configured(pool, queue)
    changed = configured(pool, make_queue(paused=True))
    assert changed["generation"] != configured(pool, queue)["generation"]


def test_the_configuration_is_named_after_the_pool() -> None:
    pool = make_pool()
    made = config_map(Owner.of(pool), configured(pool, make_queue()))
    assert made["metadata"]["name"] == "thumbnails-headgate"
    assert "queues.json" in made["data"]


def test_the_budget_leaves_out_drained_pods() -> None:
    made = disruption_budget(Owner.of(make_pool()))
    assert made["spec"]["maxUnavailable"] == 0
    expressions = made["spec"]["selector"]["matchExpressions"]
    assert expressions == [{"key": "headgate.dev/drained", "operator": "DoesNotExist"}]
