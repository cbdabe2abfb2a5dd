"""Replicas that another autoscaler writes are left to it, and it is named."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from crds import meta
from kube.client import Client
from kube.resources import Resource
from reconciler.plans.decision import BoundBy
from tests.reconciler.builders import metadata
from tests.reconciler.phases.scaled import ScaledPool
from tests.reconciler.phases.worlds import conditions_of


def child(of: dict[str, Any], replicas: int, *managers: str, time: str = "") -> dict[str, Any]:
    """The pool's Deployment, whose replicas were last set by these. Of /scale the API server tells no time."""
    labels = {meta.LABEL_POOL: of["metadata"]["name"], meta.LABEL_POOL_UID: of["metadata"]["uid"]}
    fields = [
        {
            "manager": manager,
            "subresource": "scale",
            **({"time": time} if time else {}),
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }
        for manager in managers
    ]
    found = metadata("packers-1a2b", labels=labels, managedFields=fields)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": found, "spec": {"replicas": replicas}}


async def test_another_autoscaler_is_reported_and_not_fought() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    one.sees(0)
    state = await one.one_pass()
    assert state.decision is not None
    assert (state.decision.to, state.decision.bound_by, state.decision.may_shrink) == (9, BoundBy.PAUSED, False)
    assert state.asked == 600, "ten minutes after it wrote"
    assert one.obj["status"]["summary"] == "left to another autoscaler"
    assert one.staged() == [None, None, 9], "nobody asks it"
    assert one.bounds() == [BoundBy.PAUSED]
    assert conditions_of(one.obj) == [
        "ScalingActive=False AnotherAutoscaler: kube-controller-manager sets the replicas of Deployment packers-1a2b: "
        "remove its HorizontalPodAutoscaler or ScaledObject; nothing is scaled"
    ]


@dataclass
class Scalers:
    """In place of the API server: its HorizontalPodAutoscalers, and how often it was asked for them."""

    targets: list[str]
    asked: int = 0

    async def list(self, resource: Resource, namespace: str) -> Any:
        assert (resource.kind, namespace) == ("HorizontalPodAutoscaler", "shop")
        self.asked += 1
        specs = ({"scaleTargetRef": {"kind": "Deployment", "name": target}} for target in self.targets)
        return SimpleNamespace(items=[{"metadata": {"name": "hpa"}, "spec": spec} for spec in specs])


async def test_a_pool_comes_back_once_the_autoscaler_is_gone() -> None:
    """Its name stays in the managed fields for ever: Headgate has not written the number since."""
    one, scalers = ScaledPool(), Scalers(["packers-1a2b"])
    one.ctx.client = cast("Client", scalers)
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    assert (await one.decided())[1] is BoundBy.PAUSED
    one.passes(590)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 0, "it has just written"
    one.passes(20)
    assert (await one.decided())[1] is BoundBy.PAUSED, "content with what is there"
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 1
    one.ctx.world.store.put(child(one.obj, 7, "kube-controller-manager"))
    assert (await one.decided())[0] == 7
    one.passes(590)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 1, "it has just written again"
    one.passes(20)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 2
    scalers.targets = ["another"]
    one.passes(60)
    assert (await one.decided())[1] is not BoundBy.PAUSED
    assert scalers.asked == 3


async def test_what_an_autoscaler_wrote_long_ago_is_no_reason() -> None:
    one, scalers = ScaledPool(), Scalers([])
    one.ctx.client = cast("Client", scalers)
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "acme-autoscaler", time="2027-01-15T07:49:00Z"))
    assert (await one.decided())[1] is not BoundBy.PAUSED


async def test_what_stood_there_at_a_start_is_looked_for_at_once() -> None:
    one, scalers = ScaledPool(), Scalers(["packers-1a2b"])
    one.ctx.client = cast("Client", scalers)
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    one.sees(17)
    assert (await one.decided())[1] is BoundBy.PAUSED
    scalers.targets.clear()
    one.passes(60)
    one.sees(17)
    assert (await one.decided())[1] is not BoundBy.PAUSED


async def test_a_number_that_a_person_set_is_not_left() -> None:
    one = ScaledPool()
    one.ctx.world.store.put(child(one.obj, 9, "kubectl"))
    one.sees(17)
    assert await one.decided() == (5, BoundBy.DEMAND, True)


async def test_an_autoscaler_that_holds_the_pool_is_named() -> None:
    one = ScaledPool(hold={"replicas": 3})
    one.obj["metadata"]["managedFields"] = [{"manager": "keda-operator", "subresource": "scale"}]
    one.sees(17)
    assert (await one.decided())[:2] == (3, BoundBy.HOLD)
    assert conditions_of(one.obj)[0] == (
        "ScalingActive=False AnotherAutoscaler: "
        "keda-operator holds the pool through its scale subresource: an autoscaler cannot target a WorkerPool"
    )
