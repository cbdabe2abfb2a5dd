"""The whole install on a node with real pods: helm's word that it is ready holds, and an uninstall leaves nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bench.rotation.load import GENTLE, Load, converted
from bench.rotation.trial import beside
from certs.authority import service_names
from kube import config
from kube.client import Client
from tests.chart.helm import CRDS, HEADGATE, Helm, HelmError
from tests.cluster import waiting
from tests.cluster.cluster import NodeCluster
from tests.webhooks.install import certificates

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

    install.upgrade("--set=certs.injection=helm-hook")
    assert "created" in install.apply("second"), "a Job injects, and replicas go by the Secret"
    kinds = "clusterroles,clusterrolebindings"
    rights = {name for name in names(install, kinds) if f"headgate-{install.namespace}-" in name}
    assert not {name for name in rights if "inject" in name or "reconciler" in name}, (
        "no right on configurations is left"
    )
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


def test_no_request_fails_while_webhook_and_converter_are_rolled(install: Install, tmp_path: Path) -> None:
    """With a certificate of one's own, which the pods mount: they are nobody, and their root cannot be written to."""
    authority = certificates(tmp_path, *service_names("headgate-webhook", install.namespace))
    (tmp_path / "ca.crt").write_bytes(authority)
    files = (f"--cert={tmp_path / 'tls.crt'}", f"--key={tmp_path / 'tls.key'}")
    install.kubectl("create", "secret", "tls", "mine", *files)
    given = ("--set=certs.mode=files", "--set=certs.files.secretName=mine")
    install.upgrade(*given, f"--set-file=certs.files.caBundle={tmp_path / 'ca.crt'}")

    load = asyncio.run(rolled(install))

    assert load.failures == {}
    assert load.requests > 100, "too few to have shown anything"
    print(f"{load.requests} requests in v1beta1 during two roll-outs, the slowest took {load.slowest:.2f} s")


async def rolled(install: Install) -> Load:
    async with Client(await config.load(install.cluster.kubeconfig), warnings=lambda _: None) as client:
        load = Load(client, install.namespace, converted, GENTLE)
        async with beside(load.run()):
            for where, name in ((install.namespace, "headgate-webhook"), ("headgate-crds", "headgate-converter")):
                deployment = ("-n", where, "rollout", "restart", f"deployment/{name}")
                await asyncio.to_thread(install.cluster.kubectl, *deployment)
            for where, name in ((install.namespace, "headgate-webhook"), ("headgate-crds", "headgate-converter")):
                status = ("-n", where, "rollout", "status", f"deployment/{name}", "--timeout=120s")
                await asyncio.to_thread(install.cluster.kubectl, *status)
                gone = f"--selector=app.kubernetes.io/component={name.removeprefix('headgate-')}"
                await asyncio.to_thread(waiting.until, "the old pods to go", partial(leaving, install, where, gone), 60)
    return load


def leaving(install: Install, namespace: str, selector: str) -> str | None:
    """The pods that are on their way out: they still answer."""
    pods = json.loads(install.cluster.kubectl("-n", namespace, "get", "pods", selector, "-o=json"))["items"]
    return " ".join(pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]) or None
