"""Charts rendered once, and helm against the test's API server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chart.helm import CRDS, Helm, Object
from tests.cluster.cluster import Cluster
from tests.kinds import OURS, until_established


@pytest.fixture(scope="session")
def rendered() -> list[Object]:
    """The objects of the chart `headgate` with its defaults, in the namespace media."""
    return Helm().render()


@pytest.fixture(scope="session")
def rendered_crds() -> list[Object]:
    """The objects of the chart `headgate-crds` with its defaults."""
    return Helm().render(CRDS)


@pytest.fixture(scope="session")
def installed_crds(control_plane: Cluster) -> Iterator[Helm]:
    """helm for a cluster that has the chart `headgate-crds`."""
    helm = Helm(control_plane.kubeconfig)
    crds = ("headgate-crds", CRDS, "--namespace", "headgate-crds", "--create-namespace")
    helm.run("upgrade", "--install", "--take-ownership", "--force-conflicts", *crds)
    until_established(control_plane, *OURS)
    yield helm
    helm.run("uninstall", "headgate-crds", "--namespace", "headgate-crds")
    # Other tests of the run may have left objects whose finalizers nobody takes off any more: they must not hold us up.
    control_plane.kubectl("delete", *OURS, "--wait=false")
    control_plane.kubectl("delete", "namespace", "headgate-crds", "--wait=false")
