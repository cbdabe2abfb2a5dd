"""The rights of each scope on a real API server: all of them, as it tells them, and requests that are really made."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from crds.meta import CLUSTER_POLICY, GROUP, POLICY, QUEUE, VERSION, WORKER_POOL
from kube.client import Client
from kube.errors import Forbidden, NotFound
from kube.resources import (
    CONFIG_MAPS,
    CRDS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    LEASES,
    NAMESPACES,
    NODES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    VALIDATING_WEBHOOKS,
    Resource,
    custom,
)
from tests.chart.helm import HEADGATE, Helm
from tests.chart.test_lifecycle import as_account
from tests.chart.test_rights import EVERYWHERE, OWN, WANT, Grants, grants
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane

QUEUES, POOLS, POLICIES, CLUSTER_POLICIES = (
    custom(GROUP, VERSION, kind.plural, kind.kind, kind.namespaced)
    for kind in (QUEUE, WORKER_POOL, POLICY, CLUSTER_POLICY)
)


@dataclass(frozen=True, slots=True)
class Installed:
    scope: str
    cluster: Cluster
    namespace: str

    def as_account(self, account: str) -> Client:
        return as_account(self.cluster, self.namespace, f"headgate-{account}")


@pytest.fixture(params=["namespaced", "cluster"], scope="module")
def installed(request: pytest.FixtureRequest, control_plane: Cluster, installed_crds: Helm) -> Iterator[Installed]:
    """An install in a namespace of its own, without its jobs: nothing runs pods here."""
    namespace = f"tried-{secrets.token_hex(4)}"
    given = ("-n", namespace, "--no-hooks")
    installed_crds.run("install", "hg", HEADGATE, *given, "--create-namespace", f"--set=scope={request.param}")
    yield Installed(request.param, control_plane, namespace)
    installed_crds.run("uninstall", "hg", *given)
    control_plane.kubectl("delete", "namespace", namespace, "--wait=false")


def told(installed: Installed, account: str, where: str) -> Grants:
    """Everything the account may do in a namespace, objects without one included, as the API server tells it."""
    user = f"system:serviceaccount:{installed.namespace}:headgate-{account}"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": where},
    }
    asked = ("create", f"--as={user}", "--validate=false", "-o=json", "-f-")
    status = json.loads(installed.cluster.kubectl(*asked, stdin=json.dumps(review)))["status"]
    # What every account may do, such as asking who it is.
    common = {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews", "clustertrustbundles"}
    rules = [rule for rule in status["resourceRules"] if not common & set(rule["resources"])]
    return grants(rules)


def wanted(installed: Installed, account: str, *, own: bool) -> Grants:
    role, cluster = WANT["Role", f"headgate-{account}"], WANT["ClusterRole", f"headgate-media-{account}"]
    named = {key.replace("headgate-media", f"headgate-{installed.namespace}"): verbs for key, verbs in cluster.items()}
    if installed.scope == "namespaced":
        return named | (role if own else {})
    kept = {key: verbs for key, verbs in role.items() if key in OWN} if own else {}
    both = named | EVERYWHERE[account] | kept
    return both | ({"secrets": "create get"} if own and account == "reconciler" else {})


@pytest.mark.parametrize("account", ["webhook", "reconciler"])
@pytest.mark.parametrize("own", [True, False], ids=["in its own namespace", "in another one"])
def test_an_account_may_do_what_the_tables_say_and_nothing_else(installed: Installed, account: str, own: bool) -> None:
    where = installed.namespace if own else "default"
    assert told(installed, account, where) == dict(sorted(wanted(installed, account, own=own).items()))


Ask = Callable[[Client, str], Awaitable[Any]]
PATCH = [{"op": "add", "path": "/metadata/annotations", "value": {}}]


def listing(resource: Resource) -> Ask:
    return lambda client, where: client.list(resource, where if resource.namespaced else None)


def getting(resource: Resource, name: str) -> Ask:
    return lambda client, where: client.get(resource, name, where if resource.namespaced else None)


def patching(resource: Resource, name: str, subresource: str = "") -> Ask:
    return lambda client, where: client.json_patch(
        resource, name, where if resource.namespaced else None, PATCH, subresource
    )


def creating(resource: Resource, subresource: str = "") -> Ask:
    body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": "tried"}}
    return lambda client, where: client.create(resource, body, where, subresource, dry_run=True)


def deleting(resource: Resource) -> Ask:
    return lambda client, where: client.delete(resource, "absent", where if resource.namespaced else None)


HERE, IN_SCOPE, NOWHERE = "here", "in scope", "nowhere"
TRIED: list[tuple[str, str, Ask, str]] = [
    ("webhook", "list queues", listing(QUEUES), IN_SCOPE),
    ("webhook", "list pools", listing(POOLS), IN_SCOPE),
    ("webhook", "list policies", listing(POLICIES), IN_SCOPE),
    ("webhook", "read its certificate", getting(SECRETS, "headgate-certs"), HERE),
    ("webhook", "read another Secret", getting(SECRETS, "another"), NOWHERE),
    ("webhook", "list Secrets", listing(SECRETS), NOWHERE),
    ("webhook", "patch a queue", patching(QUEUES, "absent"), NOWHERE),
    ("webhook", "patch a queue's status", patching(QUEUES, "absent", "status"), NOWHERE),
    ("webhook", "list pods", listing(PODS), NOWHERE),
    ("webhook", "create a ConfigMap", creating(CONFIG_MAPS), NOWHERE),
    ("webhook", "list configurations", listing(VALIDATING_WEBHOOKS), NOWHERE),
    ("reconciler", "patch a queue", patching(QUEUES, "absent"), IN_SCOPE),
    ("reconciler", "patch a pool's status", patching(POOLS, "absent", "status"), IN_SCOPE),
    ("reconciler", "delete a pod", deleting(PODS), IN_SCOPE),
    ("reconciler", "create a budget", creating(POD_DISRUPTION_BUDGETS), IN_SCOPE),
    ("reconciler", "list Deployments", listing(DEPLOYMENTS), IN_SCOPE),
    ("reconciler", "read a Secret that a queue names", getting(SECRETS, "broker"), IN_SCOPE),
    ("reconciler", "list replicas of the webhook", listing(ENDPOINT_SLICES), HERE),
    ("reconciler", "patch its certificates", patching(SECRETS, "headgate-certs"), HERE),
    ("reconciler", "read its Lease", getting(LEASES, "headgate-reconciler"), HERE),
    ("reconciler", "patch another Secret", patching(SECRETS, "broker"), NOWHERE),
    ("reconciler", "list Secrets", listing(SECRETS), NOWHERE),
    ("reconciler", "delete a queue", deleting(QUEUES), NOWHERE),
    ("reconciler", "create a pool", creating(POOLS), NOWHERE),
    ("reconciler", "patch a policy", patching(POLICIES, "absent"), NOWHERE),
    ("reconciler", "create a pod", creating(PODS), NOWHERE),
    ("reconciler", "create an account", creating(SERVICE_ACCOUNTS), NOWHERE),
    ("reconciler", "read CRDs", listing(CRDS), NOWHERE),
    ("reconciler", "patch another install", patching(VALIDATING_WEBHOOKS, "headgate-theirs"), NOWHERE),
]
CLUSTER_ONLY: list[tuple[str, str, Ask]] = [
    (account, what, ask)
    for account in ("webhook", "reconciler")
    for what, ask in (
        ("list ClusterPolicies", listing(CLUSTER_POLICIES)),
        ("list Namespaces", listing(NAMESPACES)),
    )
] + [
    ("reconciler", "list nodes", listing(NODES)),
    ("reconciler", "list Events", lambda client, _: client.list(EVENTS)),
]


async def is_allowed(ask: Ask, client: Client, where: str) -> bool:
    try:
        await ask(client, where)
    except Forbidden as error:
        # Admission says no otherwise; that would be a defect of this table.
        if "cannot" not in error.message:
            raise
        return False
    except NotFound:
        return True
    return True


async def test_requests_succeed_where_they_are_needed_and_nowhere_else(installed: Installed) -> None:
    places = {HERE: (True, False), IN_SCOPE: (True, installed.scope == "cluster"), NOWHERE: (False, False)}
    found: dict[tuple[str, str], tuple[bool, ...]] = {}
    want: dict[tuple[str, str], tuple[bool, ...]] = {}
    for account in ("webhook", "reconciler"):
        async with installed.as_account(account) as client:
            for who, what, ask, where in TRIED:
                if who == account:
                    tried = [await is_allowed(ask, client, place) for place in (installed.namespace, "default")]
                    found[account, what], want[account, what] = tuple(tried), places[where]
            for who, what, ask in CLUSTER_ONLY:
                if who == account:
                    found[account, what] = (await is_allowed(ask, client, ""),)
                    want[account, what] = (installed.scope == "cluster",)
    assert found == want
