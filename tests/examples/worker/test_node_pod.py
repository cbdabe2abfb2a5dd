"""The worker's image in a real pod: the kubelet's own files and signals, process 1, no root, a read-only root
file system.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.cluster.cluster import NodeCluster
from tests.cluster.redis import PublishedRedis
from tests.examples.worker.bench import Bench
from tests.examples.worker.building import config_text, job, queue
from tests.waiting import eventually

pytestmark = pytest.mark.node

DRAIN = "headgate.dev/drain"


async def test_a_pod_drains_by_annotation_follows_its_configuration_and_leaves_by_itself(
    node_cluster: NodeCluster, namespace: str, worker_image: str, cluster_redis: PublishedRedis
) -> None:
    here = ("--namespace", namespace)

    def configure(generation: str, concurrency: int) -> None:
        text = config_text([queue(url=cluster_redis.url)], generation, concurrency)
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"queues.json": text}}
        node_cluster.kubectl("apply", *here, "-f", "-", stdin=json.dumps(config))

    configure("g1", 1)
    node_cluster.kubectl("create", *here, "-f", "-", stdin=json.dumps(_pod(worker_image)))
    async with Redis.from_url(cluster_redis.server.url, protocol=2) as client:
        bench = Bench(client, cluster_redis.server.url)
        record = await bench.state("Running", seconds=60)
        assert (record["pod"], record["configGeneration"]) == ("worker", "g1")
        uid = node_cluster.kubectl("get", "pod", "worker", *here, "-o", "jsonpath={.metadata.uid}")
        assert record["podUID"] == uid
        await bench.push(job("first", seconds=1, ledger="ledger"))
        await eventually("the job started", bench.events, lambda events: len(events) == 1)
        node_cluster.kubectl("annotate", "pod", "worker", *here, f"{DRAIN}=scale-down/2026-11-23T10:00:00Z")
        await bench.state("Drained", seconds=15)
        assert await bench.done() == ["first"]
        await bench.push(job("second", seconds=1, ledger="ledger"))
        node_cluster.kubectl("annotate", "pod", "worker", *here, f"{DRAIN}-")
        await eventually("the second job started", bench.events, lambda events: len(events) == 3, seconds=15)
        # The kubelet brings a ConfigMap late, unless the pod changes.
        configure("g2", 3)
        node_cluster.kubectl("annotate", "pod", "worker", *here, "x=y")
        await eventually("the new generation", bench.records, _follows_g2, seconds=120)
        await bench.push(job("third", seconds=1, ledger="ledger"))
        await eventually("the third job started", bench.events, lambda events: len(events) == 5, seconds=15)
        node_cluster.kubectl("delete", "pod", "worker", *here, "--timeout=20s")
        assert await bench.done() == ["first", "second", "third"]
        assert await bench.records() == {}


def _follows_g2(records: Mapping[str, Any]) -> bool:
    return [record["configGeneration"] for record in records.values()] == ["g2"]


def _pod(image: str) -> dict[str, Any]:
    """As Headgate makes it, as far as the worker can tell."""
    fields = {"HEADGATE_POD": "metadata.name", "HEADGATE_POD_UID": "metadata.uid"}
    request = {"path": "drain", "fieldRef": {"fieldPath": f"metadata.annotations['{DRAIN}']"}}
    worker = {
        "name": "worker",
        "image": image,
        "imagePullPolicy": "Never",
        "env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/headgate/config"},
            {"name": "pod", "mountPath": "/etc/headgate/pod"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8079}, "periodSeconds": 1},
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    volumes = [
        {"name": "config", "configMap": {"name": "c"}},
        {"name": "pod", "downwardAPI": {"items": [request]}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "worker"},
        "spec": {
            "containers": [worker],
            "volumes": volumes,
            "securityContext": {"runAsNonRoot": True},
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 60,
        },
    }
