"""What a mark writes on a pod beside the proof: whoever empties nodes may take it, and may not before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from kube.client import Client
from reconciler.phases.pool.perform import perform
from reconciler.plans.actions import Action, Cancel, Mark, Unmark
from reconciler.plans.child import Child, Pod, Request

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
SPARED = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}
ASKED = Pod("a", "uid-a", "7", container="c-a", request=Request("ScaleDown", 0.0))
BROKEN = Pod("a", "uid-a", "7", container="c-b", request=Request("ScaleDown", 0.0), bound="c-a")


class Recorder:
    """Keeps the one patch that is sent."""

    sent: Mapping[str, Any]

    async def merge_patch(self, resource: object, name: str, namespace: str, patch: Mapping[str, Any]) -> None:
        self.sent = patch


@pytest.mark.parametrize(
    ("action", "want"),
    [
        pytest.param(Mark(ASKED), dict.fromkeys(SPARED), id="one that is drained may be taken with its node"),
        pytest.param(Unmark(BROKEN), SPARED, id="one whose container was restarted may not"),
        pytest.param(Cancel(BROKEN), SPARED, id="nor one that is wanted again"),
        pytest.param(Cancel(ASKED), {}, id="one that was only asked has been spared all the time"),
    ],
)
async def test_who_may_be_taken_with_its_node(action: Action, want: Mapping[str, str | None]) -> None:
    recorder = Recorder()
    child = Child(name="w", uid="u", version="1", replicas=1, keep=0, now=0.0)
    await perform(cast("Client", recorder), "shop", child, action, NOW)
    metadata = recorder.sent["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == ("uid-a", "7")
    assert {key: value for key, value in metadata["annotations"].items() if key in SPARED} == want
