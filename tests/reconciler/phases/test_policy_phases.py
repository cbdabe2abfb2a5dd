"""The audit: what a policy's status and its objects' conditions say about everything stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from reconciler import metrics
from reconciler.conditions import concluded, merged
from reconciler.errors import Stalled
from reconciler.keys import Key
from reconciler.outcome import Outcome
from reconciler.phases import State
from reconciler.phases.comply import comply
from reconciler.phases.glass import glass
from reconciler.phases.policy import PHASES, POLICY
from reconciler.phases.policy.state import PolicyState
from tests.policies.objects import NOW, Object, cluster_policy, namespace, policy, pool, queue
from tests.reconciler.phases.worlds import World

LIMITS = {"maxReplicasPerPool": 20}
EXEMPTION = {"name": "import", "rules": ["*"], "reason": "the import of 2026", "expirationTime": "2027-06-01T00:00:00Z"}


def sized(name: str, most: int, **metadata: Any) -> Object:
    return pool(name, scaling={"maxReplicas": most}, metadata=metadata)


class Audit:
    """A world of stored objects in which passes are made."""

    def __init__(self, *objects: Object) -> None:
        self.world, self.woken, self.at = World(), list[Key](), NOW
        self.ctx = self.world.ctx
        self.ctx.clock = lambda: self.at
        self.ctx.wake = self.woken.append
        for obj in objects:
            self.store(obj)

    def store(self, obj: Object) -> None:
        metadata = {"resourceVersion": str(len(self.ctx.store) + 1), **obj["metadata"]}
        self.ctx.world.store.put({**obj, "metadata": metadata})
        self.ctx.snapshot.put(obj["kind"], obj)

    async def of_policy(self, name: str = "limits", kind: str = "Policy") -> Mapping[str, Any]:
        """The status after a pass, conditions as `Type=Status Reason: message`."""
        obj = self.ctx.store.get(Key(kind, "media" if kind == "Policy" else "", name))
        assert obj is not None
        state = PolicyState(obj=obj, now=self.at)
        error = None
        try:
            for phase in PHASES:
                await phase(state, self.ctx)
        except Stalled as stalled:
            error = stalled
        outcome = Outcome(error)
        status = dict(POLICY.summarize(state, outcome))
        said = concluded(state.conditions, outcome).said()
        before = (obj.get("status") or {}).get("conditions", ())
        conditions = merged(kind, before, said, generation=1, now=self.at, complete=outcome.complete)
        obj["status"] = {**status, "conditions": conditions, "observedGeneration": 1}
        shown = [f"{one['type']}={one['status']} {one['reason']}: {one['message']}" for one in conditions]
        return {**status, "conditions": shown}

    async def of_pool(self, name: str) -> list[str]:
        obj = self.ctx.store.get(Key("WorkerPool", "media", name))
        assert obj is not None
        state = State(obj=obj, now=self.at)
        await comply(state, self.ctx)
        return [f"{one.type}={one.status} {one.reason}: {one.message}" for one in state.conditions.said().values()]


async def test_violations_are_counted_and_sampled() -> None:
    audit = Audit(queue(), policy(limits=LIMITS), sized("a", 40), sized("b", 10), sized("c", 30))
    assert await audit.of_policy() == {
        "violations": 2,
        "exempted": 0,
        "activeExemptions": 0,
        "samples": [
            {
                "kind": "WorkerPool",
                "namespace": "media",
                "name": name,
                "field": "spec.scaling.maxReplicas",
                "rule": "limits.maxReplicasPerPool",
                "message": f"Invalid value: {most}: at most 20 (Policy limits, limits.maxReplicasPerPool)",
            }
            for name, most in (("a", 40), ("c", 30))
        ],
        "readyToEnforce": None,
        "conditions": ["Ready=True InForce: In force"],
    }
    assert audit.ctx.metrics.value(metrics.POLICY_VIOLATIONS, "media", "limits", "Deny") == 2


async def test_samples_are_bounded() -> None:
    audit = Audit(policy(limits=LIMITS), *(sized(f"p{number:03}", 40) for number in range(50)))
    status = await audit.of_policy()
    assert (status["violations"], len(status["samples"])) == (50, 10)


async def test_what_is_leaving_breaks_nothing() -> None:
    audit = Audit(policy(limits=LIMITS), sized("a", 40, deletionTimestamp="2026-11-23T12:00:00Z"))
    assert (await audit.of_policy())["violations"] == 0


async def test_a_cluster_policy_is_not_about_what_another_install_looks_after() -> None:
    claimed = namespace("etl", **{"headgate.dev/install": "etl"})
    elsewhere = sized("a", 40, namespace="etl")
    audit = Audit(cluster_policy(limits=LIMITS, action="Warn"), claimed, sized("a", 40), elsewhere)
    status = await audit.of_policy("guardrails", kind="ClusterPolicy")
    assert (status["violations"], status["readyToEnforce"]) == (1, {"wouldRefuse": 1})
    assert [one["namespace"] for one in status["samples"]] == ["media"]


async def test_exempted_objects_are_counted_apart_until_the_exemption_ends() -> None:
    audit = Audit(policy(limits=LIMITS, exemptions=[EXEMPTION]), sized("a", 40))
    status = await audit.of_policy()
    assert (status["violations"], status["exempted"], status["activeExemptions"]) == (0, 1, 1)
    assert await audit.of_pool("a") == [
        "PolicyCompliant=True Exempted: Exempt from limits.maxReplicasPerPool of Policy limits (import)"
    ]
    audit.at, audit.world.now = NOW + timedelta(days=300), 61.0
    status = await audit.of_policy()
    assert (status["violations"], status["exempted"], status["activeExemptions"]) == (1, 0, 0)


async def test_an_ending_exemption_is_announced_once() -> None:
    soon = {**EXEMPTION, "expirationTime": "2026-12-01T00:00:00Z"}
    audit = Audit(policy(limits=LIMITS, exemptions=[soon]))
    await audit.of_policy()
    await audit.of_policy()
    assert audit.world.events == [
        "Warning ExemptionEnding: Exemption import ends on 2026-12-01: its rules hold again then"
    ]
    audit.at = NOW + timedelta(days=9)
    await audit.of_policy()
    assert audit.world.events[1:] == ["Normal ExemptionEnded: Exemption import ended"]
    assert audit.ctx.metrics.value(metrics.EXEMPTION_ENDS, "media", "limits", "import") is None


async def test_the_metric_of_an_exemption_goes_with_the_exemption() -> None:
    audit = Audit(policy(limits=LIMITS, exemptions=[EXEMPTION]))
    await audit.of_policy()
    assert audit.ctx.metrics.value(metrics.EXEMPTION_ENDS, "media", "limits", "import") is not None
    audit.store(policy(limits=LIMITS))
    await audit.of_policy()
    assert audit.ctx.metrics.value(metrics.EXEMPTION_ENDS, "media", "limits", "import") is None


@pytest.mark.parametrize(
    ("most", "concurrency", "want", "want_counted"),
    [
        pytest.param(10, 1, {"wouldRefuse": 0, "since": "2026-11-23T12:00:00Z"}, {}, id="breaks nothing"),
        pytest.param(40, 1, {"wouldRefuse": 1}, {"Warn": 1}, id="breaks a limit, which follows the policy's action"),
        pytest.param(
            10,
            9,
            {"wouldRefuse": 0, "since": "2026-11-23T12:00:00Z"},
            {"Audit": 1},
            id="breaks a rule that only records whatever the policy does",
        ),
        pytest.param(40, 9, {"wouldRefuse": 1}, {"Warn": 1}, id="breaks both, and counts once"),
    ],
)
async def test_what_deny_would_refuse_leaves_out_rules_with_an_action_of_their_own(
    most: int, concurrency: int, want: dict[str, Any], want_counted: dict[str, int]
) -> None:
    recording = {
        "name": "narrow",
        "kinds": ["WorkerPool"],
        "expression": "object.spec.concurrency < 5",
        "message": "too wide",
        "action": "Audit",
    }
    workers = pool("a", scaling={"maxReplicas": most}, concurrency=concurrency)
    audit = Audit(policy(action="Warn", limits=LIMITS, rules=[recording]), workers)
    assert (await audit.of_policy())["readyToEnforce"] == want
    counted = {
        action: audit.ctx.metrics.value(metrics.POLICY_VIOLATIONS, "media", "limits", action)
        for action in ("Deny", "Warn", "Audit")
    }
    assert counted == {"Deny": None, "Warn": 0, "Audit": 0} | want_counted


async def test_a_policy_that_warns_says_when_it_is_safe_to_deny() -> None:
    audit = Audit(policy(action="Warn", limits=LIMITS), sized("a", 40))
    assert (await audit.of_policy())["readyToEnforce"] == {"wouldRefuse": 1}
    audit.store({**sized("a", 10), "metadata": {**sized("a", 10)["metadata"], "generation": 2}})
    assert (await audit.of_policy())["readyToEnforce"] == {"wouldRefuse": 0, "since": "2026-11-23T12:00:00Z"}
    audit.at, audit.world.now = NOW + timedelta(days=7), 100.0
    status = await audit.of_policy()
    assert status["conditions"] == [
        "Ready=True SafeToDeny: In force; nothing stored would have been refused since 2026-11-23: safe to Deny"
    ]
    assert await audit.of_policy() == status, "nothing is written when nothing changed"


async def test_a_policy_that_does_not_compile_names_the_place() -> None:
    """One that came in while no webhook looked."""
    expression = "object.spec.concurrency < 9 &&\nobject.spec.scalling.maxReplicas < 5"
    good = {"name": "good", "expression": "true", "message": "no"}
    typo = {"name": "typo", "expression": expression, "message": "too many", "kinds": ["WorkerPool"]}
    status = await Audit(policy(rules=[good, typo])).of_policy()
    assert status["conditions"][1] == (
        "Stalled=True DoesNotCompile: spec.rules[1].expression: Invalid value:"
        ' "object.spec.concurrency < 9 &&\\nobject.spec.scalling.maxReplicas < 5": line 2, column 13:'
        " WorkerPool.spec has no field scalling; did you mean scaling?"
    )


@pytest.mark.parametrize(
    ("own", "other", "want"),
    [
        pytest.param({"limits": LIMITS}, {"limits": {"maxReplicasPerPool": 5}}, "", id="the stricter limit wins"),
        pytest.param(
            {"limits": {"minDrainTimeout": "2h"}},
            {"limits": {"maxDrainTimeout": "1h"}},
            "limits.minDrainTimeout is longer than limits.maxDrainTimeout of Policy other",
            id="bounds that exclude each other",
        ),
        pytest.param(
            {"limits": {"maxRetries": 5}},
            {"defaults": {"retry": {"maxRetries": 9}}},
            "limits.maxRetries refuses defaults.retry.maxRetries of Policy other",
            id="a default that is refused",
        ),
        pytest.param(
            {"requiredLabels": [{"key": "tier", "values": ["a"]}]},
            {"requiredLabels": [{"key": "tier", "values": ["b"]}]},
            "requiredLabels tier has no value that Policy other allows too",
            id="labels with no value in common",
        ),
        pytest.param(
            {"limits": {"minDrainTimeout": "2h"}, "match": {"names": ["a*"]}},
            {"limits": {"maxDrainTimeout": "1h"}},
            "",
            id="a narrower policy may never meet the other",
        ),
    ],
)
async def test_conflicts(own: dict[str, Any], other: dict[str, Any], want: str) -> None:
    status = await Audit(policy(**own), policy("other", **other)).of_policy()
    conflicted = [one for one in status["conditions"] if one.startswith("Conflicted")]
    assert conflicted == ([f"Conflicted=True Contradicted: {want}"] if want else [])


async def test_an_object_says_what_it_breaks_and_wakes_the_policy() -> None:
    audit = Audit(policy(limits=LIMITS), sized("a", 40), queue())
    assert await audit.of_pool("a") == [
        "PolicyCompliant=False Violated: spec.scaling.maxReplicas: Invalid value: 40: at most 20"
        " (Policy limits, limits.maxReplicasPerPool)"
    ]
    assert audit.woken == [Key("Policy", "media", "limits")]
    await audit.of_pool("a")
    assert len(audit.woken) == 1, "nothing changed"


async def test_an_object_under_no_policy_has_nothing_to_keep() -> None:
    assert await Audit(sized("a", 40)).of_pool("a") == []


async def test_break_glass_is_announced_once() -> None:
    held = {"headgate.dev/break-glass": "2026-11-23T18:00:00Z the database is down"}
    audit = Audit()
    state = State(obj=sized("a", 40, annotations=held), now=NOW)
    await glass(state, audit.ctx)
    await glass(state, audit.ctx)
    assert state.asked == 6 * 3600.0, "it is looked at again when it is over"
    assert audit.world.events == ["Warning BreakGlass: Break-glass until 2026-11-23T18:00:00Z: the database is down"]
