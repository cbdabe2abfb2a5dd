"""Good objects of every kind, which between them use every part of the API."""

from __future__ import annotations

from typing import Any, Final

from tests.crds.objects import cluster_policy, exemption, policy, pool, pool_from_template, queue, redis

_KAFKA: Final = {"kafka": {"bootstrapServers": ["kafka:9092"], "topic": "jobs", "consumerGroup": "workers"}}
_PROMETHEUS: Final = {"prometheus": {"url": "http://prometheus:9090", "queries": {"waiting": "sum(jobs)"}}}

QUEUES: Final = (
    queue(),
    queue(
        queueName="thumbs",
        priorities=["high", "low"],
        maxJobDuration="2h",
        broker=redis(layout="Stream", consumerGroup="gpu", keyPrefix="app:"),
        rateLimit={"jobs": 300, "per": "1m", "burst": 10},
        retry={"maxRetries": 5, "backoff": {"initial": "1s", "max": "1m", "multiplier": "1.5", "jitterPercent": 0}},
        circuitBreaker={"failurePercent": 50, "window": "1m", "minSamples": 20, "cooldown": "30s", "halfOpenProbes": 1},
        retention={"completed": "1h", "failed": "48h", "maxJobs": 1000},
    ),
    queue(
        management="Manage",
        deletionPolicy="Purge",
        broker={
            "type": "RabbitMQ",
            "connectionSecretRef": {"name": "orders-default-user"},
            "tls": {"caSecretRef": {"name": "ca", "key": "ca.crt"}, "serverName": "rabbitmq"},
            "rabbitmq": {"vhost": "/shop", "consumerTimeout": "30m"},
        },
        deadLetter={"queueName": "orders.dead", "alertAbove": 10, "deletionPolicy": "Purge"},
    ),
    queue(
        broker=redis()
        | {"connectionSecretRef": {"name": "r"}, "redis": {"layout": "Celery", "visibilityTimeout": "3h"}}
    ),
    queue(
        broker={
            "redis": {"layout": "BullMQ", "sentinel": {"masterName": "main", "addresses": ["a:26379", "[::1]:26379"]}}
        }
    ),
    queue(broker={"redis": {"layout": "List", "processingKey": "doing", "cluster": {"addresses": ["a:6379"]}}}),
    queue(broker=_KAFKA),
    queue(broker=_PROMETHEUS, paused=True),
)
POOLS: Final = (
    pool(),
    pool(
        queues=[{"name": "critical", "weight": 6, "waitTarget": "10s"}, {"name": "low", "priorities": ["high"]}],
        version="1.2",
        command=["celery"],
        args=["-c", "$(HEADGATE_CONCURRENCY)"],
        env=[{"name": "A", "value": "b"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        envFrom=[{"configMapRef": {"name": "c"}}],
        resources={"limits": {"memory": "1Gi"}, "requests": {"cpu": 1}},
        concurrency=10,
        maxInFlight=20,
        scaling={
            "minReplicas": 2,
            "maxReplicas": 20,
            "wait": {"target": "10s", "percentile": 99},
            "behavior": {
                "scaleDown": {
                    "stabilizationWindowSeconds": 900,
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                    "tolerance": "0.1",
                }
            },
            "fallback": {"after": "10m", "replicas": 1},
            "schedules": [
                {
                    "name": "office",
                    "schedule": "0 8 * * 1-5",
                    "timeZone": "Europe/Berlin",
                    "duration": "10h",
                    "minReplicas": 3,
                }
            ],
        },
        hold={"replicas": 3, "until": "2027-01-31T00:00:00Z", "reason": "release"},
        drain={"timeout": "5m", "onTimeout": "Requeue", "method": "AdminAPI", "adminAPI": {"port": 8079, "path": "/x"}},
        rollout={"maxSurge": 1, "maxUnavailable": "10%", "progressDeadline": "20m", "onFailure": "Rollback"},
        priority=-5,
        takeOver={"deploymentName": "old.deployment"},
    ),
    pool_from_template(
        {
            "name": "worker",
            "image": "registry.acme.io/ml/whisper:3",
            "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "24Gi"}, "requests": {"cpu": "4"}},
            "volumeMounts": [{"name": "models", "mountPath": "/models"}],
            "ports": [{"containerPort": 8080}],
            "livenessProbe": {"httpGet": {"port": "http", "path": "/"}},
        },
        workload={"type": "StatefulSet", "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]},
    ),
    pool_from_template(
        {"name": "worker", "image": "resize:2", "securityContext": {"readOnlyRootFilesystem": True}},
        {"name": "sidecar", "image": "sidecar:1"},
        pod={
            "nodeSelector": {"accelerator": "a10"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}],
        },
        env=[{"name": "A", "value": "b"}],
    ),
)
_LIMITS: Final = {
    "maxQueuesPerNamespace": 10,
    "maxReplicasPerPool": 20,
    "maxRate": {"jobs": 100, "per": "1s"},
    "minDrainTimeout": "10s",
    "maxDrainTimeout": "1h",
    "maxPriority": 100,
    "maxResourcesPerReplica": {"cpu": 2, "memory": "4Gi"},
}
_RULE: Final = {
    "name": "prod-has-two",
    "kinds": ["WorkerPool"],
    "expression": "effective.scaling.minReplicas >= 2",
    "message": "a production pool keeps at least two replicas",
    "operations": ["CREATE", "UPDATE"],
    "fieldPath": "spec.scaling.minReplicas",
    "action": "Warn",
}
_SPEC: Final[dict[str, Any]] = {
    "limits": _LIMITS,
    "reservedNames": ["kube-*"],
    "allowedImages": ["registry.acme.io/"],
    "allowedBrokers": ["*.svc"],
    "requiredLabels": [{"key": "team"}, {"key": "acme.io/tier", "values": ["gold", ""]}],
    "defaults": {
        "rateLimit": {"jobs": 10, "per": "1s"},
        "retry": {"maxRetries": 5},
        "drain": {"timeout": "5m"},
        "scaling": {"minReplicas": 2, "behavior": {"scaleUp": {"selectPolicy": "Min"}}},
        "labels": {"team": "media"},
        "podSecurityContext": {"runAsNonRoot": True},
        "securityContext": {"capabilities": {"drop": ["ALL"]}},
    },
    "defaulting": "Persist",
    "drift": {"children": "Warn", "gitOps": "Ignore", "gitOpsManagers": ["argocd-controller"]},
    "budget": {"maxReplicas": 30, "preemption": "LowerPriority", "minRuntime": "10m"},
    "exemptions": [
        exemption(
            match={"names": ["legacy-*"], "kinds": ["WorkerPool"]},
            subjects=[{"kind": "ServiceAccount", "name": "ci", "namespace": "ci"}, {"kind": "User", "name": "ann"}],
        )
    ],
    "rules": [_RULE],
    "native": "Disabled",
}
POLICIES: Final = (
    policy(),
    policy(
        match={
            "kinds": ["Queue", "WorkerPool"],
            "names": ["prod-*"],
            "labelSelector": {
                "matchLabels": {"team": "media"},
                "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["gold"]},
                    {"key": "tier", "operator": "Exists"},
                ],
            },
        },
        **_SPEC,
    ),
)
CLUSTER_POLICIES: Final = (
    cluster_policy(),
    cluster_policy(match={"namespaceSelector": {"matchLabels": {"gpu": "shared"}}, "kinds": ["WorkerPool"]}, **_SPEC),
)
BY_KIND: Final = {"Queue": QUEUES, "WorkerPool": POOLS, "Policy": POLICIES, "ClusterPolicy": CLUSTER_POLICIES}
