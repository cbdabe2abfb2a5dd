"""Installs beside each other, and every order of taking things away: nobody is in anybody's way."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from headgate.patience import Patience
from headgate.releasing import release
from kube import config
from kube.client import Client
from tests.chart.helm import CRDS, HEADGATE, Helm, HelmError
from tests.cluster import waiting
from tests.cluster.cluster import Cluster, running_control_plane
from tests.kinds import OURS, until_established
from webhooks.settings import Scope

pytestmark = pytest.mark.control_plane

QUEUE = """
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {{name: {name}, finalizers: [headgate.dev/drain]}}
spec: {{broker: {{type: Redis, redis: {{layout: List, url: "redis://redis.media.svc:6379/0"}}}}}}
"""
KINDS = "mutatingwebhookconfigurations,validatingwebhookconfigurations"


@dataclass
class Site:
    """A cluster on which charts come and go. Nothing runs pods here, so every webhook is dead."""

    cluster: Cluster
    helm: Helm = field(init=False)

    def __post_init__(self) -> None:
        self.helm = Helm(self.cluster.kubeconfig)

    def crds(self, *settings: str) -> None:
        self.helm.run("upgrade", "--install", "crds", CRDS, "-n", "crds", "--create-namespace", *settings)
        until_established(self.cluster, *OURS)

    def put(self, namespace: str, *settings: str) -> None:
        """Install or upgrade."""
        given = ("-n", namespace, "--create-namespace", "--no-hooks", *settings)
        self.helm.run("upgrade", "--install", "hg", HEADGATE, *given)

    def let_go(self, namespace: str, scope: Scope = Scope.NAMESPACED) -> None:
        """What the hook of an uninstall does, from outside."""

        async def work() -> None:
            async with Client(await config.load(self.cluster.kubeconfig)) as client:
                await release(client, namespace, Patience(60), lambda _: None, scope=scope)

        asyncio.run(work())

    def take(self, namespace: str, scope: Scope = Scope.NAMESPACED) -> None:
        self.let_go(namespace, scope)
        self.helm.run("uninstall", "hg", "-n", namespace, "--no-hooks")

    def configurations(self) -> dict[str, Any]:
        """The selectors of every webhook, by the name of its configuration."""
        found = json.loads(self.cluster.kubectl("get", KINDS, "-o=json"))["items"]
        return {
            one["metadata"]["name"]: {json.dumps(entry["namespaceSelector"]) for entry in one["webhooks"]}
            for one in found
        }

    def judged(self, namespace: str) -> str:
        """Who is asked about an apply in a namespace: nobody, or the install whose dead webhook is named."""
        try:
            self.cluster.kubectl("create", "--dry-run=server", "-n", namespace, "-f-", stdin=QUEUE.format(name="asked"))
        except RuntimeError as refusal:
            return str(refusal).partition("https://headgate-webhook.")[2].partition(".svc")[0]
        return "nobody"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A cluster of its own: the charts of the other tests are not to be seen here."""
    with running_control_plane() as cluster:
        made = Site(cluster)
        made.crds()
        yield made


def judged(site: Site, namespace: str, want: str) -> None:
    """Until the API server has noticed what came or went."""
    waiting.until(
        f"{want} is asked about {namespace}",
        lambda: None if (seen := site.judged(namespace)) == want else seen,
        20,
    )


ORDERS: dict[str, Sequence[tuple[str, str]]] = {
    "the first one leaves while the second one is upgraded": (
        ("+", "a"),
        ("+", "b"),
        ("-", "a"),
        ("^", "b"),
        ("-", "b"),
    ),
    "one comes back": (("+", "a"), ("+", "b"), ("-", "b"), ("^", "a"), ("+", "b"), ("-", "a"), ("-", "b")),
}
"""`+` installs, `^` upgrades, `-` uninstalls."""


@pytest.mark.parametrize("order", [pytest.param(order, id=name) for name, order in ORDERS.items()])
def test_two_installs_do_not_see_each_other(site: Site, order: Sequence[tuple[str, str]]) -> None:
    tail = secrets.token_hex(3)
    spaces = {which: f"{which}-{tail}" for which in "ab"}
    there: set[str] = set()
    for what, which in order:
        namespace = spaces[which]
        if what == "-":
            site.take(namespace)
            there.discard(namespace)
        else:
            site.put(namespace, *(("--set=webhook.replicas=3",) if what == "^" else ()))
            there.add(namespace)
        found = {name: selectors for name, selectors in site.configurations().items() if tail in name}
        assert found == {
            f"headgate-{one}": {json.dumps({"matchLabels": {"kubernetes.io/metadata.name": one}})} for one in there
        }, (what, which)
    for namespace in spaces.values():
        judged(site, namespace, "nobody")
        assert site.cluster.kubectl("-n", namespace, "get", "deployments,roles,secrets", "-o=name") == ""
        site.cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def test_a_claimed_namespace_has_one_master_whatever_else_is_installed(site: Site) -> None:
    tail = secrets.token_hex(3)
    whole, claimed, free = (f"{name}-{tail}" for name in ("whole", "claimed", "free"))
    for namespace in (whole, claimed, free):
        site.cluster.kubectl("create", "namespace", namespace)
    site.cluster.kubectl("label", "namespace", claimed, f"headgate.dev/install={claimed}")
    for name in ("q", "r"):
        for namespace in (claimed, free):
            site.cluster.kubectl("create", "-n", namespace, "-f-", stdin=QUEUE.format(name=name))
    site.put(whole, "--set=scope=cluster")
    judged(site, free, whole)
    judged(site, claimed, "nobody")
    site.put(claimed)
    judged(site, claimed, claimed)
    judged(site, free, whole)

    site.take(whole, Scope.CLUSTER)
    judged(site, free, "nobody")
    judged(site, claimed, claimed)
    assert finalizers(site, free) == {"q": [], "r": []}
    assert finalizers(site, claimed) == {name: ["headgate.dev/drain"] for name in "qr"}, "they are another install's"
    site.take(claimed)
    assert finalizers(site, claimed) == {"q": [], "r": []}
    for namespace in (whole, claimed, free):
        site.cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def finalizers(site: Site, namespace: str) -> dict[str, list[str]]:
    found = json.loads(site.cluster.kubectl("-n", namespace, "get", "queues.work.headgate.dev", "-o=json"))["items"]
    return {one["metadata"]["name"]: one["metadata"].get("finalizers", []) for one in found}


LEAVING = {
    "the operator first": ("install", "crds chart", "crds", "namespace"),
    "the chart of the kinds first": ("crds chart", "install", "crds", "namespace"),
    "the kinds themselves first": ("crds", "install", "crds chart", "namespace"),
    "the namespace first, and the operator with it": ("namespace", "install", "crds", "crds chart"),
}


@pytest.mark.parametrize("order", [pytest.param(order, id=name) for name, order in LEAVING.items()])
def test_whatever_goes_first_everything_goes_in_the_end(site: Site, order: Sequence[str]) -> None:
    namespace = f"leaving-{secrets.token_hex(3)}"
    site.crds()
    site.cluster.kubectl("create", "namespace", namespace)
    for name in ("q", "r"):
        site.cluster.kubectl("create", "-n", namespace, "-f-", stdin=QUEUE.format(name=name))
    site.put(namespace)
    judged(site, namespace, namespace)
    for step in order:
        leave(site, namespace, step)
    cluster_wide = f"{KINDS},clusterroles,clusterrolebindings,crd,namespaces,validatingadmissionpolicies"

    def left() -> str | None:
        names = site.cluster.kubectl("get", cluster_wide, "-o=name").split()
        ours = [name for name in names if namespace in name or "work.headgate.dev" in name]
        return " ".join(ours) or None

    waiting.until("nothing of it is left", left, 60)


def leave(site: Site, namespace: str, step: str) -> None:
    """One thing is taken away, without waiting for what may wait for the others."""
    match step:
        case "install":
            site.let_go(namespace)
            try:
                site.helm.run("uninstall", "hg", "-n", namespace, "--no-hooks")
            except HelmError:
                # The namespace went, and helm's memory of the release with it: what is left is in the cluster.
                site.cluster.kubectl("delete", KINDS, f"headgate-{namespace}", "--ignore-not-found")
                roles = (f"headgate-{namespace}-webhook", f"headgate-{namespace}-reconciler")
                site.cluster.kubectl("delete", "clusterroles,clusterrolebindings", *roles, "--ignore-not-found")
        case "crds chart":
            site.helm.run("uninstall", "crds", "-n", "crds")
        case "crds":
            ours = ("-l", "app.kubernetes.io/part-of=headgate")
            site.cluster.kubectl("delete", "crd", *ours, "--wait=false")
        case "namespace":
            site.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
