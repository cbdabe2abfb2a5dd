"""`python -m bench.rotation.mounted`: a certificate of one's own and its authority, changed under load on real pods.

As docs/certificates.md tells it: both authorities are given to Helm, the Secret is changed, and when the kubelet has
brought the leaf to every replica, the old authority is dropped. No request may fail.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from bench.rotation.load import Load
from bench.rotation.trial import beside, when
from certs.authority import service_names
from kube import config
from kube.client import Client
from tests.chart.helm import CRDS, HEADGATE, Helm
from tests.cluster import images, waiting
from tests.cluster.cluster import NodeCluster, running_node
from tests.webhooks.install import certificates

NAMESPACE: Final = "mounted"
IMAGE: Final = ("--set=image.tag=dev", "--set=image.pullPolicy=Never")
ENDS: Final = re.compile(r"^headgate_webhook_certificate_not_after_seconds (\S+)$", re.MULTILINE)
LONGEST_SECONDS: Final = 300


def main() -> None:
    with running_node() as cluster, tempfile.TemporaryDirectory() as folder:
        cluster.load_image(images.archive(images.PRODUCT))
        load = asyncio.run(_changed(cluster, Path(folder)))
    print(f"{load.requests:,} requests, {sum(load.failures.values())} failed, the slowest took {load.slowest:.2f} s")
    for message, count in load.failures.items():
        print(f"  {count} x {message}")
    sys.exit(1 if load.failures else 0)


async def _changed(cluster: NodeCluster, folder: Path) -> Load:
    helm = Helm(cluster.kubeconfig)
    helm.run("install", "headgate-crds", CRDS, "-n", "headgate-crds", "--create-namespace", "--set=image.tag=dev")
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    first = _made(cluster, folder)
    _upgrade(helm, folder, first)
    before = set(_ends(cluster).values())
    async with Client(await config.load(cluster.kubeconfig), warnings=lambda _: None) as client:
        load = Load(client, NAMESPACE)
        async with beside(load.run()):
            second = certificates(folder, *service_names("headgate-webhook", NAMESPACE))
            await asyncio.to_thread(_upgrade, helm, folder, first + second)
            began = time.monotonic()
            _stored(cluster, folder)
            await asyncio.to_thread(
                waiting.until, "every replica serves the new leaf", partial(_old, cluster, before), LONGEST_SECONDS
            )
            print(f"served by every replica {time.monotonic() - began:.0f} s after the Secret was changed", flush=True)
            await asyncio.to_thread(_upgrade, helm, folder, second)
            enough = load.requests + 200
            await when(lambda: load.requests >= enough)
    return load


def _made(cluster: NodeCluster, folder: Path) -> bytes:
    authority = certificates(folder, *service_names("headgate-webhook", NAMESPACE))
    _stored(cluster, folder)
    return authority


def _stored(cluster: NodeCluster, folder: Path) -> None:
    """What is in the folder, into the Secret."""
    files = (f"--cert={folder / 'tls.crt'}", f"--key={folder / 'tls.key'}")
    secret = cluster.kubectl("create", "secret", "tls", "mine", *files, "--dry-run=client", "-o=yaml")
    cluster.kubectl("-n", NAMESPACE, "apply", "-f-", stdin=secret)


def _upgrade(helm: Helm, folder: Path, trusted: bytes) -> None:
    (folder / "ca.crt").write_bytes(trusted)
    files = ("--set=certs.mode=files", "--set=certs.files.secretName=mine")
    given = (*IMAGE, *files, f"--set-file=certs.files.caBundle={folder / 'ca.crt'}")
    helm.run("upgrade", "--install", "hg", HEADGATE, "-n", NAMESPACE, *given)


def _ends(cluster: NodeCluster) -> dict[str, str]:
    """When the served leaf ends, as each replica tells."""
    chosen = ("-l", "app.kubernetes.io/component=webhook", "-o=json")
    pods = json.loads(cluster.kubectl("-n", NAMESPACE, "get", "pods", *chosen))["items"]
    paths = {
        pod["metadata"]["name"]: f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}:8080/proxy/metrics"
        for pod in pods
    }
    found = {name: ENDS.search(cluster.kubectl("get", "--raw", path)) for name, path in paths.items()}
    return {name: match[1] if match else "" for name, match in found.items()}


def _old(cluster: NodeCluster, before: set[str]) -> str | None:
    seen = _ends(cluster)
    return None if seen and not before & set(seen.values()) else str(seen)


if __name__ == "__main__":
    main()
