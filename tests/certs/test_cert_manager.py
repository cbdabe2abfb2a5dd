"""The chart's mode `cert-manager` with cert-manager itself: what it issues is served, and what it renews is loaded.

Its controllers and its cainjector run as a process, the webhook as another. What a kubelet does with a mounted Secret
is played, and later than the injection, as in a cluster.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509

from bench.rotation.kubelet import CLOSES, Kubelet
from bench.rotation.load import Load
from bench.rotation.processes import as_account
from bench.rotation.trial import beside
from headgate.patience import Patience
from headgate.startup import wait_ready
from kube import config
from kube.client import Client
from kube.resources import SECRETS
from tests.chart.helm import CRDS, HEADGATE, Helm
from tests.cluster import access, builder, waiting
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.own_address import own_address
from tests.cluster.state import State

pytestmark = pytest.mark.control_plane

NAMESPACE: Final = "issued"
AUTHORITY, LEAF = "headgate-authority", "headgate-webhook-tls"
MOUNT_SECONDS: Final = 2.0
"""How much later than cainjector the played kubelet is. A real one takes up to a minute and a half."""
KINDS: Final = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")


@dataclass
class Site:
    """An API server with cert-manager and an install of ours in its mode."""

    cluster: Cluster
    folder: Path

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.kubectl("-n", NAMESPACE, *arguments)

    def secret(self, name: str) -> dict[str, bytes]:
        found = json.loads(self.kubectl("get", "secret", name, "-o=json"))
        return {key: base64.b64decode(value) for key, value in found["data"].items()}

    def trusted(self) -> list[set[str]]:
        """The authorities in caBundle of every webhook, by serial number."""
        found = [json.loads(self.kubectl("get", kind, f"headgate-{NAMESPACE}", "-o=json")) for kind in KINDS]
        entries = [entry["clientConfig"] for one in found for entry in one["webhooks"]]
        return [serials(base64.b64decode(entry.get("caBundle", ""))) for entry in entries]

    def lacks(self, secret: str) -> str | None:
        """None once the authority of a Secret is trusted by every webhook."""
        wanted = serials(self.secret(secret)["ca.crt"])
        trusted = self.trusted()
        return None if trusted and all(wanted <= one for one in trusted) else f"{wanted} in {trusted}"

    def renew(self, certificate: str) -> None:
        """As `cmctl renew` does: the Certificate is told that it is being issued."""
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        issuing = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "lastTransitionTime": now}
        found = json.loads(self.kubectl("get", "certificate", certificate, "-o=json"))
        conditions = [*found["status"]["conditions"], issuing | {"message": "asked for by the test"}]
        patch = json.dumps({"status": {"conditions": conditions}})
        self.kubectl("patch", "certificate", certificate, "--subresource=status", "--type=merge", "-p", patch)

    def clear(self) -> None:
        """What a careless GitOps tool does to caBundle."""
        patch = json.dumps([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}])
        for kind in KINDS:
            self.kubectl("patch", kind, f"headgate-{NAMESPACE}", "--type=json", "-p", patch)

    def until_ready(self, *certificates: str) -> None:
        self.kubectl("wait", "--for=condition=Ready", "--timeout=60s", *(f"certificate/{one}" for one in certificates))


@pytest.fixture(scope="module")
def site(servers: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    access.refuse_given_cluster("a webhook as a process behind a Service")
    with running_control_plane(Settings(apiserver_flags=("--enable-aggregator-routing=true",))) as cluster:
        crds = builder.ensure_folder(builder.CERT_MANAGER, builder.CERT_MANAGER_CRDS)
        cluster.kubectl("apply", "--server-side", "-f", str(crds))
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
        program = builder.ensure(builder.CERT_MANAGER, "cert-manager")
        servers.start("cert-manager", [program, f"--kubeconfig={cluster.kubeconfig}"])
        helm = Helm(cluster.kubeconfig)
        helm.run("install", "headgate-crds", CRDS, "-n", "headgate-crds", "--create-namespace")
        mode = ("--set=certs.mode=cert-manager", "--no-hooks")
        helm.run("install", "headgate", HEADGATE, "-n", NAMESPACE, "--create-namespace", *mode)
        try:
            yield Site(cluster, tmp_path_factory.mktemp("issued"))
        finally:
            servers.stop("cert-manager")


async def mount(client: Client, folder: Path) -> None:
    """A kubelet's work on the volume `certs`: the Secret's files, some time after it changed."""
    seen = ""
    while True:
        secret = await client.get(SECRETS, LEAF, NAMESPACE)
        if secret["metadata"]["resourceVersion"] != seen:
            await asyncio.sleep(MOUNT_SECONDS if seen else 0)
            for key, value in secret["data"].items():
                (folder / key).write_bytes(base64.b64decode(value))
            seen = secret["metadata"]["resourceVersion"]
        await asyncio.sleep(0.2)


async def until(what: str, probe: Callable[[], str | None], seconds: float = 60) -> None:
    await asyncio.to_thread(waiting.until, what, probe, seconds)


def serials(pem: bytes) -> set[str]:
    return {f"{one.serial_number:x}" for one in x509.load_pem_x509_certificates(pem)} if pem else set()


async def test_what_cert_manager_issues_is_trusted_served_and_renewed_under_load(site: Site) -> None:
    site.until_ready("headgate-authority", "headgate-webhook")
    await until("the authority is injected", lambda: site.lacks(LEAF))
    certs = site.folder / "certs"
    certs.mkdir()
    async with Client(await config.load(site.cluster.kubeconfig), warnings=lambda _: None) as client:
        token = as_account(site.cluster, NAMESPACE, "headgate-webhook", site.folder)
        flags = (f"--kubeconfig={token}", f"--namespace={NAMESPACE}", f"--cert-dir={certs}", "--cert-poll-seconds=0.5")
        kubelet = Kubelet(client, NAMESPACE, own_address(), site.folder, *flags, "--linger-seconds=1")
        load = Load(client, NAMESPACE)
        with contextlib.ExitStack() as stack:
            stack.callback(kubelet.stop)
            async with beside(mount(client, certs), kubelet.run()):
                await kubelet.add("a", CLOSES)
                assert not await wait_ready(client, NAMESPACE, Patience(30.0))
                async with beside(load.run()):
                    await renewals(site, kubelet)
                site.clear()
                await until("what somebody cleared is back", lambda: site.lacks(LEAF), 20)
                assert not await wait_ready(client, NAMESPACE, Patience(10.0))
        assert load.failures == {}
        assert load.requests > 100
        assert kubelet.reviews[CLOSES] > 200, "each review a handshake of its own"
        print(f"{load.requests} requests, {kubelet.reviews[CLOSES]:.0f} handshakes, the slowest {load.slowest:.2f} s")


async def renewals(site: Site, kubelet: Kubelet) -> None:
    (replica,) = kubelet.replicas.values()

    def served() -> float:
        return replica.metric("headgate_webhook_certificate_not_after_seconds")

    async def renewed(certificate: str, secret: str) -> None:
        before = site.secret(secret)["tls.crt"]
        site.renew(certificate)
        await until(f"{certificate} is renewed", lambda: same(before, site.secret(secret)["tls.crt"]))
        await asyncio.to_thread(site.until_ready, certificate)

    # The leaf, as it happens every sixty days.
    first = served()
    await renewed("headgate-webhook", LEAF)
    await until("the new leaf is served", lambda: None if served() > first else "the old one")
    assert replica.process.poll() is None, "the same process"

    # Then the authority, and the leaf that it signs: cainjector replaces the old authority at once.
    old = site.secret(LEAF)["ca.crt"]
    second = served()
    await renewed("headgate-authority", AUTHORITY)
    await renewed("headgate-webhook", LEAF)
    new = site.secret(LEAF)["ca.crt"]
    assert not serials(new) & serials(old)
    await until("the new authority is injected", lambda: site.lacks(LEAF))
    assert all(serials(old) | serials(new) == one for one in site.trusted()), "both, as long as neither has ended"
    await until("its leaf is served", lambda: None if served() > second else "the old one")


def same(before: bytes, now: bytes) -> str | None:
    return "the same certificate" if before == now else None
