"""What the API server keeps by itself, with every process of Headgate dead: limits, break-glass, and whose a child is.

That the limits agree with the server on everything they say is the differential test's to prove.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.chart.helm import Helm, Object, of_kind
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.policies import objects
from tests.webhooks.kubectl import Done, apply, kubectl

BINDING = "ValidatingAdmissionPolicyBinding"
WANT = {"limits.headgate.dev": "Deny", "break-glass.headgate.dev": "Deny", "child-drift.headgate.dev": "Warn"}
REASON = "2027-01-15T12:00:00Z the broker lies, INC-4711"


def floor(rendered: list[Object]) -> dict[str, Object]:
    return {one["spec"]["policyName"]: one for one in of_kind(rendered, BINDING) if one["spec"]["policyName"] in WANT}


def test_the_floor_is_bound_to_the_namespaces_of_its_install(rendered: list[Object]) -> None:
    bindings = floor(rendered)
    assert {name: one["spec"]["validationActions"] for name, one in bindings.items()} == {
        name: [action] for name, action in WANT.items()
    }
    for binding in bindings.values():
        assert binding["spec"]["matchResources"] == {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "media"}}
        }
    assert bindings["limits.headgate.dev"]["spec"]["paramRef"] == {"selector": {}, "parameterNotFoundAction": "Allow"}


def test_in_cluster_scope_cluster_policies_are_bound_too_and_what_others_have_claimed_is_left_out() -> None:
    bindings = {one["spec"]["policyName"]: one["spec"] for one in of_kind(Helm().render(scope='"cluster"'), BINDING)}
    assert bindings["cluster-limits.headgate.dev"]["paramRef"] == {"selector": {}, "parameterNotFoundAction": "Allow"}
    for name in (*WANT, "cluster-limits.headgate.dev"):
        assert bindings[name]["matchResources"] == bindings["delete-guard.headgate.dev"]["matchResources"]


class Floor:
    """A namespace with the floor bound to it, and no webhook."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def kubectl(self, *arguments: str, stdin: str | None = None, user: str = "") -> Done:
        who = (f"--as={user}",) if user else ()
        return kubectl(self.cluster, "-n", self.namespace, *who, *arguments, stdin=stdin)

    def apply(self, *made: Mapping[str, Any], user: str = "", dry_run: str = "none") -> Done:
        items = [self.located(obj) for obj in made]
        content = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        return self.kubectl("apply", f"--dry-run={dry_run}", "-f", "-", stdin=content, user=user)

    def tried(self, obj: Mapping[str, Any]) -> Done:
        """A dry run: what was stored before the server learned of a limit is tolerated for as long as it stays."""
        return self.apply(obj, dry_run="server")

    def located(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        metadata = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "generation")}
        return {**obj, "metadata": {**metadata, "namespace": self.namespace}}


@pytest.fixture(scope="module")
def bound(control_plane: Cluster, installed_crds: Helm, rendered: list[Object]) -> Iterator[Floor]:
    """The chart's own bindings, for a namespace of this module; ada may edit everything in it and break no glass."""
    name = f"floor-{secrets.token_hex(3)}"
    control_plane.kubectl("create", "namespace", name)
    control_plane.kubectl("-n", name, "create", "rolebinding", "ada", "--clusterrole=edit", "--user=ada")
    control_plane.kubectl("-n", name, "create", "rolebinding", "headgate", "--clusterrole=headgate-edit", "--user=ada")
    names = []
    for binding in floor(rendered).values():
        selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        metadata = {"name": f"{binding['metadata']['name']}-{name}"}
        names.append(metadata["name"])
        here = {**binding, "metadata": metadata, "spec": {**binding["spec"], "matchResources": selector}}
        assert apply(control_plane, here).code == 0
    try:
        yield Floor(control_plane, name)
    finally:
        control_plane.kubectl("delete", "validatingadmissionpolicybinding", *names)
        control_plane.kubectl("delete", "namespace", name, "--wait=false")


def eventually_refused(what: str, ask: Any, words: str = "") -> Done:
    """The refusal in these words, once it comes: the API server learns of bindings and policies, and that policies are
    gone, by watching them.
    """
    seen: list[Done] = []

    def probe() -> str | None:
        seen.append(ask())
        return None if seen[-1].code != 0 and words in seen[-1].err else seen[-1].out + seen[-1].err

    until(what, probe, 30)
    return seen[-1]


@pytest.mark.control_plane
def test_the_limits_of_a_policy_hold_and_all_of_them_are_told(bound: Floor) -> None:
    over = objects.pool(concurrency=9, scaling={"maxReplicas": 40, "minReplicas": 2})
    assert bound.apply(objects.policy(limits={"maxReplicasPerPool": 20, "maxConcurrency": 8})).code == 0
    done = eventually_refused("the limit holds", lambda: bound.tried(over), "limits.maxReplicasPerPool")
    assert (
        "denied request: spec.scaling.maxReplicas: Invalid value: 40: at most 20"
        " (Policy limits, limits.maxReplicasPerPool); "
        "spec.concurrency: Invalid value: 9: at most 8 (Policy limits, limits.maxConcurrency)"
    ) in done.err
    assert bound.apply(objects.pool(hold={"replicas": 20})).code == 0
    scaled = bound.kubectl("scale", "workerpools.work.headgate.dev/thumbnails", "--replicas=21")
    assert "spec.hold.replicas: Invalid value: 21: at most 20 (Policy limits" in scaled.err
    assert bound.kubectl("scale", "workerpools.work.headgate.dev/thumbnails", "--replicas=3").code == 0


@pytest.mark.control_plane
def test_a_policy_without_a_native_half_refuses_nothing(bound: Floor) -> None:
    off = objects.policy("off", limits={"maxPriority": 1}, native="Disabled")
    on = objects.policy("on", limits={"maxPriority": 5})
    assert bound.apply(off, on).code == 0
    eventually_refused("the other one holds", lambda: bound.tried(objects.pool("over", priority=6)), "maxPriority")
    assert bound.apply(objects.pool("between", priority=3)).code == 0


@pytest.mark.control_plane
def test_nothing_is_left_of_a_policy_that_is_gone(bound: Floor) -> None:
    assert bound.apply(objects.policy("gone", limits={"maxInFlight": 4})).code == 0
    large = objects.pool("large", maxInFlight=5)
    eventually_refused("the limit holds", lambda: bound.tried(large), "limits.maxInFlight")
    assert bound.kubectl("delete", "policies.work.headgate.dev", "gone").code == 0
    until("it holds no more", lambda: bound.apply(large).err or None, 30)


@pytest.mark.control_plane
def test_the_largest_policy_there_can_be_is_within_the_cost_the_api_server_allows(bound: Floor) -> None:
    """Beyond it the limit would let through: 10,000 globs are matched before a refusal."""
    exemptions = [
        {
            "name": f"one-{number}",
            "rules": ["maxConcurrency"],
            "match": {"names": [f"never-{number}-{glob}-*.example?" for glob in range(100)]},
            "reason": "as many as the schema takes",
            "expirationTime": "2099-01-01T00:00:00Z",
        }
        for number in range(100)
    ]
    largest = objects.policy("largest", limits={"maxConcurrency": 50}, exemptions=exemptions)
    # Not applied: that would keep a second copy of it in an annotation, which is too large.
    assert bound.kubectl("create", "-f", "-", stdin=json.dumps(bound.located(largest))).code == 0
    words = "spec.concurrency: Invalid value: 51: at most 50 (Policy largest"
    refused = eventually_refused("the limit holds", lambda: bound.tried(objects.pool("busy", concurrency=51)), words)
    assert "(Policy largest" in refused.err
    assert bound.kubectl("delete", "policies.work.headgate.dev", "largest").code == 0


def glass(name: str, broken: str = REASON, **spec: Any) -> dict[str, Any]:
    return objects.pool(name, **spec, metadata={"annotations": {"headgate.dev/break-glass": broken}})


@pytest.mark.control_plane
def test_break_glass_is_a_right(bound: Floor) -> None:
    refused = eventually_refused("ada may not", lambda: bound.apply(glass("ada"), user="ada"))
    assert "headgate.dev/break-glass needs the verb break-glass on policies.work.headgate.dev" in refused.err
    assert bound.apply(glass("admin")).code == 0, "an administrator may"
    used = bound.apply(glass("admin", concurrency=7), user="ada")
    assert "needs the verb break-glass" in used.err, "nor may she change what stands under somebody else's"
    assert bound.kubectl("label", "workerpools.work.headgate.dev/admin", "note=1", user="ada").code == 0
    off = bound.kubectl("annotate", "workerpools.work.headgate.dev/admin", "headgate.dev/break-glass-", user="ada")
    assert off.code == 0, "taking it off needs nothing"


@pytest.mark.control_plane
@pytest.mark.parametrize("broken", ["for a while", "2027-01-15 hangs for ever", "2027-01-15T12:00:00Z short"])
def test_break_glass_says_until_when_and_why(bound: Floor, broken: str) -> None:
    done = eventually_refused("it is refused", lambda: bound.apply(glass("vague", broken)))
    assert "headgate.dev/break-glass must say until when and why" in done.err


def child(namespace: str) -> dict[str, Any]:
    """A Deployment as the reconciler makes it of the pool orders."""
    selector = {"headgate.dev/pool-uid": "3f", "headgate.dev/revision": "abc12"}
    containers = [{"name": "worker", "image": "registry.acme.io/orders:1"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "orders-abc12", "namespace": namespace, "labels": {"headgate.dev/pool": "orders"}},
        "spec": {
            "replicas": 0,
            "paused": True,
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": selector}, "spec": {"containers": containers}},
        },
    }


@pytest.mark.control_plane
def test_who_changes_a_child_is_told_where_to_do_it(bound: Floor) -> None:
    assert apply(bound.cluster, child(bound.namespace)).code == 0
    scale = ("scale", "deployment/orders-abc12")
    numbers = iter(range(1, 1000))

    def unwarned() -> str | None:
        done = bound.kubectl(*scale, f"--replicas={next(numbers)}")
        assert done.code == 0
        told = "replicas of orders-abc12 belong to WorkerPool orders: kubectl scale wp orders --replicas=N"
        return None if told in done.err else done.err or done.out

    until("a scale is warned about", unwarned, 30)
    image = bound.kubectl("set", "image", "deployment/orders-abc12", "worker=registry.acme.io/orders:2")
    assert "the spec of orders-abc12 belongs to WorkerPool orders: change it there" in image.err
    assert bound.kubectl("annotate", "deployment/orders-abc12", "note=1").err == "", "what is not the spec is free"
    reconciler = f"system:serviceaccount:{bound.namespace}:headgate-reconciler"
    bound.kubectl(
        "create",
        "rolebinding",
        "reconciler",
        "--clusterrole=edit",
        f"--serviceaccount={bound.namespace}:headgate-reconciler",
    )
    assert bound.kubectl(*scale, "--replicas=0", user=reconciler).err == "", "and the reconciler is not warned"
