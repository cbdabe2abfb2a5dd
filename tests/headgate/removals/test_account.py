"""Which removals of workers a log shows, and what justified each."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.removals.account import Account, tally
from headgate.removals.auditlog import parse
from headgate.removals.proof import NAMESPACES, Proof
from tests.headgate.removals.objects import event, pod, running

NODE = {"username": "system:node:node0", "groups": ["system:nodes"]}
DISRUPTED: dict[str, Any] = {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}
MARKED = pod(marked="containerd://1", **running())
BUSY = pod(**running())


def proofs(*events: dict[str, Any]) -> list[Proof]:
    parsed = [one for event in events for one in parse(event)]
    return [removal.proof for removal in Account().removals(parsed)]


def labelled(mark: str) -> dict[str, Any]:
    one = pod(marked="containerd://1", **running())
    one["metadata"]["labels"]["headgate.dev/drained"] = mark
    return one


def broken_glass(until: str) -> dict[str, Any]:
    one = pod(**running())
    one["metadata"]["annotations"]["headgate.dev/break-glass"] = f"{until} the node burns"
    return one


@pytest.mark.parametrize(
    ("events", "want"),
    [
        pytest.param([event("delete", MARKED)], [Proof.DRAINED], id="marked for the container that runs"),
        pytest.param([event("delete", BUSY)], [Proof.NONE], id="running and not marked"),
        pytest.param(
            [event("delete", pod(marked="containerd://0", **running()))], [Proof.NONE], id="marked, then restarted"
        ),
        pytest.param(
            [event("delete", pod(**running(container="")))], [Proof.NONE], id="an id that is not there proves nothing"
        ),
        pytest.param([event("delete", labelled("timeout"))], [Proof.FORCED], id="marked when its time was over"),
        pytest.param(
            [event("delete", labelled("warm-stop"))], [Proof.WARM], id="ended by SIGTERM, which proves nothing"
        ),
        pytest.param([event("delete", labelled("true"))], [Proof.DRAINED], id="marked for its proof"),
        pytest.param([event("delete", pod())], [Proof.NOT_RUNNING], id="never started"),
        pytest.param([event("delete", pod(**running(name="side")))], [Proof.NOT_RUNNING], id="only a sidecar runs"),
        pytest.param([event("delete", pod(phase="Failed", **running()))], [Proof.FINISHED], id="finished"),
        pytest.param([event("delete", BUSY, user="x") | {"user": NODE}], [Proof.NODE], id="by the kubelet"),
        pytest.param([event("delete", pod(**running(), **DISRUPTED))], [Proof.DISRUPTED], id="a taint"),
        pytest.param([event("delete", BUSY, user=NAMESPACES)], [Proof.NAMESPACE], id="the namespace goes"),
        pytest.param(
            [event("delete", broken_glass("2027-01-15T09:00:00Z"))], [Proof.BREAK_GLASS], id="under break-glass"
        ),
        pytest.param(
            [event("delete", broken_glass("2027-01-15T07:00:00Z"))], [Proof.NONE], id="under break-glass that was over"
        ),
        pytest.param(
            [event("delete", broken_glass("2029-01-15T08:00:00Z"))],
            [Proof.NONE],
            id="under break-glass for longer than anybody may",
        ),
        pytest.param([event("delete", broken_glass("soon:"))], [Proof.NONE], id="under break-glass until nobody knows"),
        pytest.param([event("delete", pod(pool=None, **running()))], [], id="nobody's worker"),
        pytest.param([event("delete", None)], [Proof.UNKNOWN], id="a log without bodies"),
        pytest.param([event("patch", BUSY), event("delete", None)], [Proof.NONE], id="the body of an earlier write"),
        pytest.param(
            [event("patch", MARKED), event("create", {"kind": "Status"}, "eviction")], [Proof.DRAINED], id="an eviction"
        ),
        pytest.param(
            [event("patch", BUSY, "status"), event("create", {"kind": "Status"}, "eviction")],
            [Proof.NONE],
            id="an eviction of a busy one",
        ),
        pytest.param([event("delete", BUSY), event("delete", BUSY)], [Proof.NONE], id="counted once"),
        pytest.param(
            [event("delete", MARKED), event("delete", pod(uid="second", **running()))],
            [Proof.DRAINED, Proof.NONE],
            id="a successor of the same name is another pod",
        ),
        pytest.param(
            [event("deletecollection", {"items": [MARKED, pod("w-2", **running())]})],
            [Proof.DRAINED, Proof.NONE],
            id="a collection",
        ),
        pytest.param([event("delete", BUSY) | {"responseStatus": {"code": 403}}], [], id="a delete that was refused"),
        pytest.param([event("delete", BUSY, requestURI="/api/v1/x?dryRun=All")], [], id="a dry run"),
        pytest.param(
            [event("delete", BUSY, requestURI="/api/v1/x?dryRun=All", requestObject={"dryRun": ["All"]})],
            [],
            id="a dry run by its body",
        ),
        pytest.param(
            [event("delete", BUSY, requestURI="/api/v1/x?dryRun=All", requestObject={"kind": "DeleteOptions"})],
            [Proof.NONE],
            id="none, for its body does not say so and the query does not count beside one",
        ),
        pytest.param([event("delete", BUSY) | {"stage": "RequestReceived"}], [], id="a request not yet answered"),
    ],
)
def test_removals(events: list[dict[str, Any]], want: list[Proof]) -> None:
    assert proofs(*events) == want


def test_a_tally_counts_each_kind() -> None:
    parsed = [one for given in (event("delete", MARKED), event("delete", BUSY | {})) for one in parse(given)]
    assert tally(Account().removals(parsed)) == {Proof.DRAINED: 1}
