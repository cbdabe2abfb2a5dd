"""Both charts on a real API server, by the real helm: install, upgrade, uninstall, and what their accounts can do."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from certs.inject import CONFIGURATIONS, Outcome, configuration_name, inject, injected_bundle
from certs.keeping import Duty, Keeper
from certs.selfcheck import why_not_trusted
from certs.sources import SecretSource
from headgate.cli import main
from kube import config
from kube.client import Client, Object
from kube.config import Connection
from kube.credentials import Fixed
from kube.errors import Forbidden
from kube.resources import CONFIG_MAPS, PODS, REPORTS, SECRETS, VALIDATING_WEBHOOKS, Resource
from reconciler import reports
from tests.certs.test_inject import BUNDLE
from tests.chart.helm import CRDS, HEADGATE, Helm, pod_templates
from tests.cluster.cluster import Cluster
from tests.reconciler import openreports
from tests.reconciler.account import as_account as account_of

pytestmark = pytest.mark.control_plane

SERVICE = "headgate-webhook"
ACCOUNTS = ("headgate-webhook", "headgate-reconciler", "headgate-startup-check", "headgate-release")


@pytest.fixture
def release(installed_crds: Helm, namespace: str) -> Iterator[Callable[..., str]]:
    """Installs or upgrades the release `hg` in the fresh namespace, without its jobs: nothing runs pods here."""

    def run(*settings: str) -> str:
        return installed_crds.run("upgrade", "--install", "hg", HEADGATE, "-n", namespace, "--no-hooks", *settings)

    yield run
    installed_crds.run("uninstall", "hg", "-n", namespace, "--no-hooks", "--ignore-not-found")


def as_account(control_plane: Cluster, namespace: str, account: str) -> Client:
    """A client with nothing but the account's own token."""
    raw = control_plane.kubectl("config", "view", "--raw", "--minify", "-o=json")
    authority = base64.b64decode(json.loads(raw)["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    token = control_plane.kubectl("-n", namespace, "create", "token", account).strip()
    trusting = ssl.create_default_context(cadata=authority)
    return Client(Connection(control_plane.server, Fixed(f"Bearer {token}"), trusting, namespace))


def test_crds_outlive_their_chart_and_are_taken_back(control_plane: Cluster, installed_crds: Helm) -> None:
    def policies() -> str:
        return control_plane.kubectl("get", "validatingadmissionpolicies", "-o=name")

    names = control_plane.kubectl("get", "crd", "-l", "app.kubernetes.io/part-of=headgate", "-o=name").split()
    assert len(names) == 4
    installed_crds.run("uninstall", "headgate-crds", "-n", "headgate-crds")
    assert control_plane.kubectl("get", *names, "-o=name").split() == names
    assert "cabundle-only" not in policies()
    # Other tests of the run may have applied the kinds without the chart.
    ours = ("--take-ownership", "--force-conflicts")
    installed_crds.run("install", *ours, "headgate-crds", CRDS, "-n", "headgate-crds")
    assert "cabundle-only" in policies()


@pytest.mark.parametrize("chart", [CRDS, HEADGATE], ids=["headgate-crds", "headgate"])
def test_the_api_server_takes_every_object_without_a_warning(
    control_plane: Cluster, installed_crds: Helm, namespace: str, chart: str
) -> None:
    manifest = installed_crds.run("template", "hg", chart, "-n", namespace)
    dry_run = ("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-f-")
    taken = control_plane.kubectl(*dry_run, stdin=manifest).splitlines()
    assert len(taken) == len([line for line in manifest.splitlines() if line.startswith("kind: ")])
    assert all(line.endswith("serverside-applied (server dry run)") for line in taken)


@pytest.mark.parametrize("pod", ACCOUNTS)
def test_a_pod_is_admitted_where_only_restricted_ones_are(control_plane: Cluster, namespace: str, pod: str) -> None:
    control_plane.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", pod)
    template = pod_templates(Helm().render())[pod]
    manifest = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod}, "spec": template["spec"]})
    create = ("create", "--dry-run=server", "--warnings-as-errors", "-f-")
    assert "created" in control_plane.kubectl("-n", namespace, *create, stdin=manifest)


async def test_an_upgrade_leaves_what_was_injected(
    control_plane: Cluster, namespace: str, release: Callable[..., str]
) -> None:
    release()
    async with Client(await config.load(control_plane.kubeconfig)) as client:
        name = configuration_name(namespace)
        assert [await inject(client, kind, name, BUNDLE) for kind in CONFIGURATIONS] == [Outcome.WRITTEN] * 2
        release("--set=webhook.replicas=3")
        assert await injected_bundle(client, namespace) == BUNDLE


async def test_the_reconcilers_own_token_suffices_for_the_certificates(
    control_plane: Cluster, namespace: str, release: Callable[..., str]
) -> None:
    release()
    async with as_account(control_plane, namespace, "headgate-reconciler") as client:
        duty = Duty(namespace=namespace, service=SERVICE)
        first = await Keeper(client, duty, lambda: datetime.now(UTC)).one_pass()
        assert (first.fault, set(first.outcomes.values())) == ("", {Outcome.WRITTEN})
        again = await Keeper(client, duty, lambda: datetime(2099, 1, 1, tzinfo=UTC)).one_pass()
        assert (again.fault, set(again.outcomes.values())) == ("", {Outcome.WRITTEN})
        for kind in CONFIGURATIONS:
            selected = await client.list(kind, field_selector=f"metadata.name={configuration_name(namespace)}")
            assert len(selected.items) == 1


async def test_the_webhooks_own_token_reads_its_leaf_and_its_bundle_and_nothing_else(
    control_plane: Cluster, namespace: str, release: Callable[..., str]
) -> None:
    release()
    async with as_account(control_plane, namespace, "headgate-reconciler") as leader:
        await Keeper(leader, Duty(namespace=namespace, service=SERVICE), lambda: datetime.now(UTC)).one_pass()
    async with as_account(control_plane, namespace, "headgate-webhook") as client:
        assert await SecretSource(client, namespace).read() is not None
        assert "Connect" in (await why_not_trusted(client, namespace, SERVICE, 1) or "")
        for attempt in (
            client.get(SECRETS, "another", namespace),
            client.list(SECRETS, namespace),
            client.list(PODS, namespace),
            client.list(VALIDATING_WEBHOOKS),
            client.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, namespace),
            inject(client, VALIDATING_WEBHOOKS, configuration_name(namespace), BUNDLE),
        ):
            with pytest.raises(Forbidden):
                await attempt


NEVER = (
    "list secrets",
    "update secrets",
    "delete secrets",
    "create pods",
    "create pods/exec",
    "create serviceaccounts/token",
    "impersonate serviceaccounts",
    "create rolebindings.rbac.authorization.k8s.io",
    "update queues.work.headgate.dev",
    "create workerpools.work.headgate.dev",
    "delete queues.work.headgate.dev",
    "patch policies.work.headgate.dev",
    "patch validatingwebhookconfigurations.admissionregistration.k8s.io",
    "create validatingwebhookconfigurations.admissionregistration.k8s.io",
    "get nodes",
    "list namespaces",
    "get customresourcedefinitions.apiextensions.k8s.io",
)
REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)


async def may(client: Client, namespace: str, what: str) -> bool:
    verb, _, asked = what.partition(" ")
    named, _, subresource = asked.partition("/")
    resource, _, group = named.partition(".")
    attributes = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
    review = {
        "apiVersion": REVIEWS.api_version,
        "kind": REVIEWS.kind,
        "metadata": {},
        "spec": {"resourceAttributes": {"namespace": namespace, **attributes}},
    }
    return bool((await client.create(REVIEWS, review))["status"]["allowed"])


@pytest.mark.parametrize("account", ACCOUNTS[:2])
async def test_an_account_may_never(
    control_plane: Cluster, namespace: str, release: Callable[..., str], account: str
) -> None:
    release()
    async with as_account(control_plane, namespace, account) as client:
        assert await may(client, namespace, "list queues.work.headgate.dev")
        assert [what for what in NEVER if await may(client, namespace, what)] == []


def test_uninstalling_leaves_nothing_of_the_release(
    control_plane: Cluster, installed_crds: Helm, namespace: str, release: Callable[..., str]
) -> None:
    release()
    installed_crds.run("uninstall", "hg", "-n", namespace, "--no-hooks", "--wait")
    kinds = "all,sa,role,rolebinding,secret,cm,pdb,networkpolicy,lease"
    left = control_plane.kubectl("-n", namespace, "get", kinds, "-o=name").split()
    assert set(left) == {"serviceaccount/default", "configmap/kube-root-ca.crt"}
    cluster_kinds = "clusterrole,clusterrolebinding,mutatingwebhookconfiguration,validatingwebhookconfiguration"
    assert f"headgate-{namespace}" not in control_plane.kubectl("get", cluster_kinds, "-o=name")


def test_two_installs_stand_side_by_side(
    control_plane: Cluster, installed_crds: Helm, namespace: str, release: Callable[..., str]
) -> None:
    release()
    other = ("-n", f"{namespace}-b")
    installed_crds.run("install", "hg", HEADGATE, *other, "--create-namespace", "--no-hooks")
    try:
        names = control_plane.kubectl("get", "validatingwebhookconfigurations", "-o=name").split()
        assert {name.rpartition("/")[2] for name in names} >= {f"headgate-{namespace}", f"headgate-{namespace}-b"}
    finally:
        installed_crds.run("uninstall", "hg", *other, "--no-hooks")
        control_plane.kubectl("delete", "namespace", other[1], "--wait=false")


@pytest.mark.parametrize(
    ("scope", "want_left"),
    [
        pytest.param("namespaced", ["default/headgate-{}", "{}/headgate-other", "{}/trivy"], id="its own namespace"),
        pytest.param("cluster", ["{}/headgate-other", "{}/trivy"], id="every namespace"),
    ],
)
def test_the_upgrade_that_turns_reports_off_removes_them(
    control_plane: Cluster,
    installed_crds: Helm,
    release: Callable[..., str],
    namespace: str,
    tmp_path: Path,
    scope: str,
    want_left: list[str],
) -> None:
    """The Job is there in that upgrade only, and its command, with its account's rights, takes what is ours."""

    def hooks() -> list[Object]:
        made = yaml.safe_load_all(installed_crds.run("get", "hooks", "hg", "-n", namespace))
        return [one for one in made if "reports" in one["metadata"]["name"]]

    release(f"--set=scope={scope}")
    assert hooks() == [], "there were none"
    release(f"--set=scope={scope},reports.enabled=true")
    assert hooks() == [], "there are some"
    release(f"--set=scope={scope},reports.enabled=false")
    made = hooks()
    role = {"namespaced": "Role", "cluster": "ClusterRole"}[scope]
    assert sorted(one["kind"] for one in made) == sorted(["Job", role, f"{role}Binding", "ServiceAccount"])

    rights = {"apiVersion": "v1", "kind": "List", "items": [one for one in made if one["kind"] != "Job"]}
    store_reports(control_plane, namespace)
    try:
        control_plane.kubectl("-n", namespace, "apply", "-f-", stdin=json.dumps(rights))
        (job,) = (one for one in made if one["kind"] == "Job")
        (container,) = job["spec"]["template"]["spec"]["containers"]
        kubeconfig = account_of(control_plane, namespace, tmp_path, "headgate-reports")
        done = CliRunner().invoke(main, [*container["args"], "--kubeconfig", str(kubeconfig)])
        assert done.exit_code == 0, done.output
        columns = "custom-columns=:metadata.namespace,:metadata.name"
        left = control_plane.kubectl("get", str(REPORTS), "-A", "--no-headers", "-o", columns).splitlines()
        assert sorted("/".join(line.split()) for line in left) == [one.format(namespace) for one in want_left]
    finally:
        control_plane.kubectl("delete", str(REPORTS), "-A", "--all")
        control_plane.kubectl("-n", namespace, "delete", "-f-", stdin=json.dumps(rights))
    release(f"--set=scope={scope}")
    assert hooks() == [], "they are gone"


def store_reports(control_plane: Cluster, namespace: str) -> None:
    """The install's own, here and elsewhere, and those of another install and of another tool."""
    openreports.serve(control_plane)
    for where, name, of in (
        (namespace, f"headgate-{namespace}", namespace),
        ("default", f"headgate-{namespace}", namespace),
        (namespace, "headgate-other", "other"),
        (namespace, "trivy", ""),
    ):
        metadata = {"name": name, "namespace": where, "labels": reports.labels(of) if of else {}}
        report = {"apiVersion": REPORTS.api_version, "kind": REPORTS.kind, "metadata": metadata}
        control_plane.kubectl("create", "-f-", stdin=json.dumps(report))
