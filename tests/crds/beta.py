"""Good objects of v1beta1, which between them use every part of it."""

from __future__ import annotations

from typing import Any, Final

from crds import meta

Object = dict[str, Any]


def beta(kind: str, called: str = "thumbnails", /, **spec: Any) -> Object:
    return {"apiVersion": meta.BETA_API_VERSION, "kind": kind, "metadata": {"name": called}, "spec": spec}


def queue(**spec: Any) -> Object:
    said: Object = {"redis": {"addresses": ["redis.media.svc:6379"]}}
    return beta("Queue", **(said | spec))


def pool(pod: Object | None = None, **spec: Any) -> Object:
    said: Object = {"queueSelector": {"queue": "thumbnails"}, "template": {"spec": {"image": "resize:2"} | (pod or {})}}
    return beta("WorkerPool", **(said | spec))


def policy(**spec: Any) -> Object:
    return beta("Policy", "guardrails", **spec)


QUEUES: Final = (
    queue(),
    queue(
        name="thumbs",
        priority="high",
        rateLimit={"requestsPerSecond": 1000, "burstCapacity": 2000, "enabled": True},
        deadLetterQueue={
            "enabled": True,
            "maxRetries": 5,
            "retryBackoff": {"initialDelay": "2s", "maxDelay": "60s", "multiplier": 2.5},
        },
        retention={"completedJobs": "48h", "failedJobs": "168h", "maxJobs": 100000},
        redis={
            "addresses": ["redis-0:6379", "redis-1:6379", "redis-2:6379"],
            "database": 1,
            "passwordSecret": {"name": "auth", "key": "pw"},
            "tls": {"enabled": True, "insecureSkipVerify": False},
        },
    ),
    queue(
        rateLimit={"requestsPerSecond": 0.3, "enabled": False},
        redis={
            "addresses": ["[::1]:6379"],
            "database": 3,
            "tls": {"enabled": True, "caSecret": {"name": "ca", "key": "ca.crt"}},
        },
    ),
    queue(redis={"passwordSecret": {"name": "auth", "key": "password"}}),
)
POOLS: Final = (
    pool(),
    pool(replicas=2),
    pool(
        {
            "imagePullPolicy": "IfNotPresent",
            "concurrency": 20,
            "maxInFlight": 200,
            "resources": {"requests": {"cpu": "200m"}, "limits": {"memory": "1Gi"}},
            "serviceAccountName": "worker",
            "securityContext": {
                "runAsNonRoot": True,
                "fsGroup": 2000,
                "capabilities": {"drop": ["ALL"]},
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
            },
            "env": [{"name": "LOG_LEVEL", "value": "info"}],
            "envFrom": [{"configMapRef": {"name": "config", "optional": True}}],
            "nodeSelector": {"workload-type": "cpu"},
            "tolerations": [{"key": "workload", "operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
        },
        replicas=3,
        queueSelector={"queue": "thumbnails", "priorities": ["high", "medium"], "matchLabels": {"team": "media"}},
        autoScaling={
            "minReplicas": 2,
            "maxReplicas": 50,
            "targetBacklogPerWorker": 25,
            "latencySLO": {"targetPercentile": 0.95, "targetLatencyMs": 500},
            "scaleUpCooldown": "2m",
            "scaleDownCooldown": "5m",
        },
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "20%", "maxSurge": "30%"}},
        drainPolicy={"gracePeriod": "60s", "timeoutPeriod": "120s", "waitForCompletion": True},
    ),
)
POOLS[2]["spec"]["template"]["metadata"] = {"labels": {"a": "b"}, "annotations": {"prometheus.io/scrape": "true"}}
POLICIES: Final = (
    policy(),
    policy(
        circuitBreaker={"failureThreshold": 10, "recoveryThreshold": 5, "timeout": "120s"},
        retryDefaults={"initialDelay": "1s", "maxDelay": "30s", "multiplier": 2.0},
        rateLimitDefaults={"requestsPerSecond": 500, "burstCapacity": 1000, "enabled": True},
        securityPolicy={
            "requiredServiceAccount": "queue-worker",
            "podSecurityStandards": {"enforce": "restricted", "allowPrivilegeEscalation": False, "runAsNonRoot": True},
            "networkPolicies": ["worker", "redis"],
        },
    ),
)
BY_KIND: Final = {"Queue": QUEUES, "WorkerPool": POOLS, "Policy": POLICIES}
