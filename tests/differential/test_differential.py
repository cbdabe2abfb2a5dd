"""The command line, the server and the API server's own policies agree on generated cases.

`python -m bench.differential` asks thousands of them, with a seed of its own.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.cluster.cluster import Cluster
from tests.crds.apiserver import ApiServer
from tests.differential.running import Differential
from tests.webhooks.install import Install

pytestmark = pytest.mark.control_plane

GROUPS, CASES = 6, 40


def test_they_agree(control_plane: Cluster, install: Install, server: ApiServer) -> None:
    run = Differential(control_plane, install, server, Random("headgate"))
    with run.floor():
        for number in range(GROUPS):
            run.group(number, CASES)
    print(run.report)
    assert run.report.disagreements == []
    assert min(run.report.counts.values()) >= 20, "too little of some kind to say that they agree"
