"""The whole install on a node with real pods: helm's word that it is ready holds, and an uninstall leaves nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.chart.helm import CRDS, HEADGATE, Helm, HelmError
from tests.cluster.cluster import NodeCluster

pytestmark = pytest.mark.node

QUEUE = """
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {name: %s}
spec: {broker: {type: Redis, redis: {layout: List, url: "redis://redis.media.svc:6379/0"}}}
"""


class Install:
    """A release `hg` in a namespace of its own."""

    def __init__(self, cluster: NodeCluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.helm = Helm(cluster.kubeconfig)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def upgrade(self, *settings: str) -> str:
        image = ("--set=image.tag=dev", "--set=image.pullPolicy=Never")
        return self.helm.run("upgrade", "--install", "hg", HEADGATE, "-n", self.namespace, *image, *settings)

    def apply(self, name: str, *arguments: str) -> str:
        return self.kubectl("apply", *arguments, "-f-", stdin=QUEUE % name)

    def uninstall(self) -> str:
        return self.helm.run("uninstall", "hg", "-n", self.namespace, "--wait")


@pytest.fixture
def install(node_cluster: NodeCluster, namespace: str, product_image: str) -> Iterator[Install]:
    """The cluster has the chart `headgate-crds`, the namespace nothing yet."""
    assert product_image == "localhost/headgate:dev"
    helm = Helm(node_cluster.kubeconfig)
    crds = ("headgate-crds", CRDS, "-n", "headgate-crds", "--create-namespace", "--set=image.tag=dev")
    helm.run("upgrade", "--install", "--take-ownership", "--force-conflicts", *crds)
    node_cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    fresh = Install(node_cluster, namespace)
    yield fresh
    helm.run("uninstall", "hg", "-n", namespace, "--ignore-not-found")


def names(install: Install, kinds: str, *arguments: str) -> set[str]:
    return set(install.kubectl("get", kinds, "-o=name", *arguments).split())


def test_from_install_to_uninstall(install: Install) -> None:
    began = time.monotonic()
    install.upgrade()
    installed = time.monotonic() - began
    assert "created" in install.apply("first"), "an apply right after helm said that it is done"
    with pytest.raises(RuntimeError, match=r"spec\.broker\.redis\.layout: Unsupported value"):
        install.kubectl("apply", "-f-", stdin=(QUEUE % "bad").replace("layout: List", "layout: Lisst"))

    pods = json.loads(install.kubectl("get", "pods", "-o=json"))["items"]
    assert {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods} == {"webhook", "reconciler"}
    assert all(pod["status"]["containerStatuses"][0]["restartCount"] == 0 for pod in pods), pods
    accounts = names(install, "serviceaccounts,roles,rolebindings,jobs")
    assert not {name for name in accounts if "startup-check" in name or "release" in name}, "rights went with the job"

    install.upgrade("--set-string=webhook.podAnnotations.turn=2")
    assert "created" in install.apply("second")
    install.kubectl("patch", "queues.work.headgate.dev", "first", "--type=merge", "-p", finalizers())
    install.uninstall()
    install.kubectl("wait", "pods", "--all", "--for=delete", "--timeout=60s")
    left = names(install, "all,sa,role,rolebinding,secret,cm,pdb,networkpolicy,lease")
    assert left == {"serviceaccount/default", "configmap/kube-root-ca.crt"}
    assert "deleted" in install.kubectl("delete", "queues.work.headgate.dev", "--all", "--timeout=10s")
    print(f"installed and answering after {installed:.1f} s")


def test_v1beta1_is_converted_by_pods_without_rights(install: Install) -> None:
    crds = ("-n", "headgate-crds")
    install.cluster.kubectl(*crds, "rollout", "status", "deployment/headgate-converter", "--timeout=120s")
    old = {
        "apiVersion": "work.headgate.dev/v1beta1",
        "kind": "Queue",
        "metadata": {"name": "old"},
        "spec": {"priority": "high", "rateLimit": {"requestsPerSecond": 5}, "redis": {"addresses": ["redis:6379"]}},
    }
    install.kubectl("apply", "-f-", stdin=json.dumps(old))

    stored = json.loads(install.kubectl("get", "queues.v1.work.headgate.dev", "old", "-o=json"))
    read = json.loads(install.kubectl("get", "queues.v1beta1.work.headgate.dev", "old", "-o=json"))

    assert stored["spec"]["rateLimit"] == {"jobs": 5, "per": "1s"}
    assert read["spec"] == old["spec"]
    account = "--as=system:serviceaccount:headgate-crds:headgate-converter"
    for verb, kind in (("get", "secrets"), ("list", "queues.work.headgate.dev"), ("get", "pods")):
        with pytest.raises(RuntimeError, match="exit code 1"):
            install.cluster.kubectl(*crds, "auth", "can-i", verb, kind, account)
    install.kubectl("delete", "queues.work.headgate.dev", "old", "--timeout=10s")


def finalizers() -> str:
    return json.dumps({"metadata": {"finalizers": ["headgate.dev/drain"]}})


def test_without_our_kinds_the_install_says_so(install: Install) -> None:
    install.cluster.kubectl("delete", "crd", "-l", "app.kubernetes.io/part-of=headgate", "--timeout=60s")
    with pytest.raises(HelmError, match=r"headgate-startup-check not ready\. status: Failed"):
        install.upgrade("--set=startupCheck.timeoutSeconds=10")
    assert "install the chart headgate-crds first" in install.kubectl("logs", "job/headgate-startup-check")
    assert not {name for name in names(install, "serviceaccounts,roles,rolebindings") if "startup-check" in name}


def test_applies_go_on_while_the_webhook_is_rolled(install: Install) -> None:
    install.upgrade()
    install.kubectl("rollout", "restart", "deployment/headgate-webhook")
    applied = 0
    while "successfully rolled out" not in install.kubectl(
        "rollout", "status", "deployment/headgate-webhook", "--watch=false"
    ):
        install.apply("asked", "--dry-run=server")
        applied += 1
    for _ in range(20):
        install.apply("asked", "--dry-run=server")
    assert applied > 5, "too quick to have shown anything"
    print(f"{applied + 20} applies during the roll-out, none refused")
