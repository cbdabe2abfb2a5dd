"""The fleet of a test, guarded as an install guards it, under a reconciler with exactly the chart's rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_client

from tests.chart.guarded_pods import Guards, Yard
from tests.cluster import redis, state
from tests.cluster.cluster import Cluster
from tests.reconciler.account import make_account
from tests.reconciler.objects import Objects
from tests.reconciler.phases.fleet import FLAGS, Fleet
from tests.reconciler.phases.played import Played
from tests.reconciler.reconcilers import Reconcilers


@pytest.fixture
def guards(kinds: Cluster, namespace: str) -> Iterator[Guards]:
    """The guards of the charts, in force in the namespace of the test."""
    charts = Guards(kinds)
    charts.install()
    Yard(kinds, namespace).bind()
    yield charts
    charts.unbind(namespace)


@pytest.fixture
def fleet(
    kinds: Cluster, namespace: str, servers: state.State, reconcilers: Reconcilers, guards: Guards, tmp_path: Path
) -> Iterator[Fleet]:
    reconcilers.program = "tests.reconciler.phases.whole"
    reconcilers.kubeconfig = make_account(kinds, namespace, tmp_path)
    with (
        redis.running(servers) as server,
        redis_client.Redis.from_url(server.url) as broker,
        Played(kinds.kubeconfig, namespace, broker) as node,
    ):
        one = reconcilers.start(*FLAGS)
        yield Fleet(kinds, namespace, reconcilers, node, server, one, Objects(kinds, namespace))
        reconcilers.kill_all()
        for left in kinds.kubectl("-n", namespace, "get", "wp", "-o", "name").split():
            kinds.kubectl("-n", namespace, "patch", left, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
