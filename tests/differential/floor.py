"""The chart's native limits under names of one run, bound to the namespaces that carry its label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.chart.helm import CRDS, Helm, of_kind
from tests.cluster.cluster import Cluster

Object = dict[str, Any]
RUN_LABEL: Final = "headgate-differential"
"""A namespace with this label, its value the run's token, has the limits."""
NATIVE_LIMITS: Final = ("limits.headgate.dev", "cluster-limits.headgate.dev")


@contextmanager
def bound(cluster: Cluster, token: str) -> Iterator[None]:
    made = [*_policies(token), *_bindings(token)]
    written = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=written)
    try:
        yield
    finally:
        cluster.kubectl("delete", "-f", "-", stdin=written)


def _policies(token: str) -> Iterator[Object]:
    for policy in of_kind(Helm().render(CRDS), "ValidatingAdmissionPolicy"):
        if policy["metadata"]["name"] in NATIVE_LIMITS:
            yield {**policy, "metadata": {"name": f"{token}.{policy['metadata']['name']}"}}


def _bindings(token: str) -> Iterator[Object]:
    """The chart's binding of the limits of Policies, and the same for ClusterPolicies, as in cluster scope."""
    bindings = of_kind(Helm().render(), "ValidatingAdmissionPolicyBinding")
    (limits,) = (one for one in bindings if one["spec"]["policyName"] == NATIVE_LIMITS[0])
    selector = {"namespaceSelector": {"matchLabels": {RUN_LABEL: token}}}
    for name in NATIVE_LIMITS:
        spec = {**limits["spec"], "policyName": f"{token}.{name}", "matchResources": selector}
        yield {**limits, "metadata": {"name": f"{token}.{name}"}, "spec": spec}
