"""The short form of `python -m bench.rotation`: nothing fails while certificates and replicas change."""

from __future__ import annotations

import pytest

from bench.rotation.__main__ import told
from bench.rotation.load import GENTLE
from bench.rotation.trial import Plan, run
from tests.cluster import access


@pytest.mark.control_plane
def test_no_request_fails_while_authorities_and_replicas_change() -> None:
    access.refuse_given_cluster("replicas as processes behind a Service")
    plan = Plan(requests=600, changes=2, authority_seconds=45, leaf_seconds=36, limit=400, pause=GENTLE)
    result = run(plan)
    assert result.failures == {}, told(result)
    assert result.finished >= 2, told(result)
    assert (result.replaced, result.codes) == (2, {0}), "a replica that is asked to leave does, and well"
    assert result.kept >= 300, told(result)
    assert result.fresh >= 300, told(result)
    print(told(result))
