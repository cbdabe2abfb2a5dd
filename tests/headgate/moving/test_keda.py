"""What becomes of KEDA's objects, and what is said of what does not come along."""

from __future__ import annotations

from typing import Any, Final

import pytest

from headgate.moving import keda
from headgate.moving.moved import Moved, Object

DEPLOYMENT: Final[Object] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "resize"},
    "spec": {
        "template": {
            "metadata": {"labels": {"app": "resize"}},
            "spec": {
                "containers": [
                    {
                        "name": "app",
                        "image": "registry.acme.io/resize:2",
                        "env": [
                            {"name": "REDIS", "value": "redis.media.svc:6379"},
                            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis-auth", "key": "p"}}},
                        ],
                    }
                ]
            },
        }
    },
}


def scaled(*triggers: Object, annotations: Object | None = None, **spec: Any) -> Object:
    metadata: Object = {"name": "resize-scaler"} | ({"annotations": annotations} if annotations else {})
    said = {"scaleTargetRef": {"name": "resize"}, "triggers": list(triggers)} | spec
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": said}


def trigger(kind: str = "redis", **metadata: str) -> Object:
    said = metadata or {"address": "redis.media.svc:6379", "listName": "thumbnails", "listLength": "10"}
    return {"type": kind, "metadata": said}


def moved(obj: Object, *others: Object) -> tuple[list[Moved], Moved]:
    """(the queues, the pool)"""
    *queues, pool = keda.moved(obj, keda.World.of([obj, *others]))
    return queues, pool


BROKERS: Final = (
    pytest.param(
        trigger(),
        {"broker": {"redis": {"layout": "List", "url": "redis://redis.media.svc:6379/0"}}},
        id="a list",
    ),
    pytest.param(
        trigger(addressFromEnv="REDIS", passwordFromEnv="PASSWORD", listName="thumbnails", databaseIndex="2"),
        {
            "broker": {
                "redis": {"layout": "List", "url": "redis://redis.media.svc:6379/2"},
                "connectionSecretRef": {"name": "redis-auth"},
            }
        },
        id="an address and a password from the environment of the Deployment",
    ),
    pytest.param(
        trigger(
            "redis-streams", host="redis", port="6380", stream="Jobs", consumerGroup="g", lagCount="7", enableTLS="true"
        ),
        {
            "queueName": "Jobs",
            "broker": {"redis": {"layout": "Stream", "url": "rediss://redis:6380/0", "consumerGroup": "g"}},
        },
        id="a stream over TLS",
    ),
    pytest.param(
        trigger("redis-cluster", addresses="a:6379, b:6379", listName="jobs"),
        {"broker": {"redis": {"layout": "List", "cluster": {"addresses": ["a:6379", "b:6379"]}}}},
        id="a cluster",
    ),
    pytest.param(
        trigger("redis-sentinel-streams", hosts="a,b", ports="1,2", sentinelMaster="main", stream="jobs"),
        {"broker": {"redis": {"layout": "Stream", "sentinel": {"addresses": ["a:1", "b:2"], "masterName": "main"}}}},
        id="sentinels",
    ),
    pytest.param(
        trigger("rabbitmq", host="amqp://me:secret@mq:5672/shop", queueName="orders", mode="QueueLength", value="20"),
        {"broker": {"rabbitmq": {"url": "amqp://mq:5672", "vhost": "shop"}}},
        id="RabbitMQ, without the password",
    ),
)


@pytest.mark.parametrize(("given", "want"), BROKERS)
def test_a_trigger_becomes_a_queue(given: Object, want: Object) -> None:
    (queue,), pool = moved(scaled(given), DEPLOYMENT)

    assert queue.obj["spec"] == want
    assert (queue.refused, pool.refused) == ((), ())


def test_a_scaled_object_becomes_a_pool_that_takes_its_deployment_over() -> None:
    _, pool = moved(
        scaled(
            trigger(),
            minReplicaCount=1,
            maxReplicaCount=20,
            pollingInterval=10,
            fallback={"failureThreshold": 6, "replicas": 3},
            advanced={"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": {"selectPolicy": "Min"}}}},
        ),
        DEPLOYMENT,
    )

    spec = pool.obj["spec"]
    assert spec["queues"] == [{"name": "thumbnails"}]
    assert spec["scaling"] == {
        "minReplicas": 1,
        "maxReplicas": 20,
        "jobsPerReplica": 10,
        "fallback": {"after": "1m", "replicas": 3},
        "behavior": {"scaleUp": {"selectPolicy": "Min"}},
    }
    assert spec["takeOver"] == {"deploymentName": "resize"}
    (worker,) = spec["template"]["spec"]["containers"]
    assert (worker["name"], worker["image"]) == ("worker", "registry.acme.io/resize:2")
    assert pool.notes == (
        "container app is now called worker",
        "Deployment resize is drained as an old revision",
        "KEDA's target counts waiting jobs; jobsPerReplica counts the running ones, too",
        "pollingInterval does not come along: brokers are read every second or two",
    )


def test_keda_s_own_defaults_are_written_out() -> None:
    _, pool = moved(scaled(trigger(listName="jobs", address="a:1")), DEPLOYMENT)

    assert pool.obj["spec"]["scaling"] == {"minReplicas": 0, "maxReplicas": 100, "jobsPerReplica": 5}


def test_a_paused_object_holds_its_replicas() -> None:
    _, pool = moved(scaled(trigger(), annotations={"autoscaling.keda.sh/paused-replicas": "4"}), DEPLOYMENT)

    assert pool.obj["spec"]["hold"]["replicas"] == 4
    assert "annotations" not in pool.obj["metadata"]


def test_without_the_deployment_the_image_is_asked_for() -> None:
    _, pool = moved(scaled(trigger()))

    assert "spec.image is for you to fill in: Deployment resize is not among the manifests" in pool.notes[0]
    assert pool.refused == ("spec.image: Invalid value: set exactly one of image and template",)


def test_a_scaled_job_becomes_workers_that_stay() -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "worker", "image": "resize:2"}]}
    job = scaled(trigger(), jobTargetRef={"template": {"spec": pod}, "backoffLimit": 4}, scalingStrategy={})
    job["kind"] = "ScaledJob"

    _, pool = moved(job)

    assert pool.refused == ()
    assert pool.obj["spec"]["template"]["spec"] == {"containers": pod["containers"]}
    assert pool.notes[:3] == (
        "a ScaledJob's pod ends with its job; a pool's worker must take the next one",
        "jobTargetRef.backoffLimit does not come along: jobs are retried by the queue, see spec.retry",
        "scalingStrategy does not come along",
    )


def test_a_trigger_authentication_tells_the_secret() -> None:
    auth = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": {"name": "mq"},
        "spec": {"secretTargetRef": [{"parameter": "host", "name": "mq-auth", "key": "url"}]},
    }
    asked = trigger("rabbitmq", queueName="orders", mode="QueueLength", value="5") | {
        "authenticationRef": {"name": "mq"}
    }

    (queue,), _ = moved(scaled(asked), DEPLOYMENT, auth)
    (unknown,), _ = moved(scaled(asked), DEPLOYMENT)

    assert queue.obj["spec"]["broker"]["connectionSecretRef"] == {"name": "mq-auth"}
    assert queue.notes == (
        'Secret mq-auth needs the label headgate.dev/broker-credentials: "true" and keys called url, or host, port,'
        " username and password",
    )
    assert "authenticationRef mq is not among the manifests" in unknown.notes[0]


def test_what_has_no_queue_stays_behind() -> None:
    queues, pool = moved(
        scaled(trigger(), trigger("cron", start="0 8 * * *"), trigger("rabbitmq", host="x")), DEPLOYMENT
    )

    assert [queue.obj["metadata"]["name"] for queue in queues] == ["thumbnails"]
    assert "trigger cron stays behind: its backlog is not read as a queue" in pool.notes
    assert "trigger rabbitmq stays behind: it names no queue" in pool.notes


def test_several_triggers_are_several_queues_with_names_of_their_own() -> None:
    one = trigger(address="a:1", listName="Jobs:High", listLength="10")
    other = trigger(address="a:1", listName="jobs/high", listLength="20")

    queues, pool = moved(scaled(one, other), DEPLOYMENT)

    assert [queue.obj["metadata"]["name"] for queue in queues] == ["jobs-high", "jobs-high-2"]
    assert pool.obj["spec"]["scaling"]["jobsPerReplica"] == 10
    assert "the triggers had targets of 10, 20; the smallest is taken for all" in pool.notes


@pytest.mark.parametrize(
    "spec", [None, {}, {"triggers": None}, {"triggers": [None, 5, {"metadata": []}]}, {"scaleTargetRef": []}]
)
def test_nothing_that_is_no_scaled_object_makes_it_raise(spec: Any) -> None:
    obj = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": None, "spec": spec}

    assert list(keda.moved(obj, keda.World.of([obj])))
