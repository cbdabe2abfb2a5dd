"""Edits a GitOps tool will undo, and break-glass."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from policies import Decision, Facts, MemorySnapshot, Operation, break_glass, decide
from policies.text import line
from tests.policies.objects import NOW, Object, cluster_policy, facts, policy, pool, queue

SPEC_FIELDS: Object = {
    "f:spec": {
        ".": {},
        "f:scaling": {"f:maxReplicas": {}},
        "f:queues": {'k:{"name":"thumbnails"}': {".": {}, "f:name": {}, "f:weight": {}}},
        "f:image": {},
    },
    "f:metadata": {"f:labels": {"f:team": {}}},
}
GLASS = "headgate.dev/break-glass"
HELD = "2026-11-23T18:00:00Z the database is down"


def owned(
    obj: Object, manager: str = "argocd-controller", fields: Object = SPEC_FIELDS, at: str = "2026-11-01T08:00:00Z"
) -> Object:
    entry = {"manager": manager, "operation": "Apply", "time": at, "fieldsType": "FieldsV1", "fieldsV1": fields}
    return {**obj, "metadata": {**obj["metadata"], "managedFields": [entry]}}


def without(*steps: str) -> Object:
    """The fields an edit of one of them leaves to the tool."""
    import copy

    fields = copy.deepcopy(SPEC_FIELDS)
    at = fields
    for step in steps[:-1]:
        at = at[step]
    del at[steps[-1]]
    return fields


def edited(new: Object, old: Object, *world: Object) -> list[str]:
    return [one for one in decide(facts(new, queue(), *world, old=old)).warnings if "no effect" not in one]


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(
            owned(pool(scaling={"maxReplicas": 12}), fields=without("f:spec", "f:scaling", "f:maxReplicas")),
            ["maxReplicas is managed by argocd-controller; this edit may be reverted: change it in Git"],
            id="a field",
        ),
        pytest.param(
            owned(
                pool(queues=(), metadata={"labels": {"team": "other"}})
                | {"spec": {**pool()["spec"], "queues": [{"name": "thumbnails", "weight": 2}]}},
                fields=without("f:spec", "f:queues", 'k:{"name":"thumbnails"}', "f:weight"),
            ),
            ["weight is managed by argocd-controller; this edit may be reverted: change it in Git"],
            id="a field of an entry of a list",
        ),
        pytest.param(owned(pool(scaling={"maxReplicas": 12})), [], id="the tool itself still owns it"),
        pytest.param(
            owned(pool(), fields=without("f:spec", "f:scaling", "f:maxReplicas")), [], id="taken over unchanged"
        ),
    ],
)
def test_who_edits_a_field_of_a_gitops_tool_is_told(new: Object, want: list[str]) -> None:
    assert edited({**new, "metadata": {**new["metadata"], "labels": {}}}, owned(pool(metadata={"labels": {}}))) == want


EDIT = owned(pool(scaling={"maxReplicas": 12}), fields=without("f:spec", "f:scaling", "f:maxReplicas"))


@pytest.mark.parametrize(
    ("drift", "manager", "want_told"),
    [
        pytest.param({}, "argocd-controller", True, id="Argo CD"),
        pytest.param({}, "kustomize-controller", True, id="Flux"),
        pytest.param({}, "kubectl-client-side-apply", False, id="a person"),
        pytest.param({"gitOps": "Ignore"}, "argocd-controller", False, id="a policy that does not care"),
        pytest.param({"gitOpsManagers": ["deployer"]}, "deployer", True, id="a tool of one's own"),
        pytest.param({"gitOpsManagers": ["deployer"]}, "argocd-controller", False, id="instead of the known ones"),
    ],
)
def test_which_managers_count(drift: dict[str, Any], manager: str, want_told: bool) -> None:
    old, new = owned(pool(), manager), owned(EDIT, manager, without("f:spec", "f:scaling", "f:maxReplicas"))
    assert bool(edited(new, old, policy(drift=drift, limits={"maxPriority": 5}))) is want_told


@pytest.mark.parametrize(
    ("manager", "at", "want_told"),
    [
        pytest.param("kubectl-edit", "2026-11-01T08:00:00Z", True, id="a person who says so"),
        pytest.param("", "2026-11-01T08:00:00Z", True, id="somebody who names no manager"),
        pytest.param("argocd-controller", "2026-11-01T08:00:00Z", False, id="the tool, giving up what left Git"),
        pytest.param("kustomize-controller", "2026-11-01T08:00:00Z", False, id="another tool"),
        pytest.param("", "2026-11-23T12:00:00Z", False, id="the tool, as the time of its entry tells"),
    ],
)
def test_a_tool_is_not_told_of_its_own_edit(manager: str, at: str, want_told: bool) -> None:
    new = owned(pool(scaling={"maxReplicas": 12}), fields=without("f:spec", "f:scaling", "f:maxReplicas"), at=at)
    told = decide(replace(facts(new, queue(), old=owned(pool())), manager=manager)).warnings
    assert bool(told) is want_told


def glass(obj: Object, written: str) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "annotations": {GLASS: written}}}


@pytest.mark.parametrize(
    ("written", "want"),
    [
        (HELD, None),
        ("2026-11-24T12:00:00Z the database is down", None),
        ("2026-11-24T12:00:01Z the database is down", "lasts for longer than 24h: write it again tomorrow"),
        ("2026-11-23T12:00:00Z the database is down", "is over already: give it a later time, or remove it"),
        ("2026-11-23T18:00:00Z why not", "give a reason of at least 10 characters"),
        ("2026-11-23T18:00:00Z", "write <time, at most 24h from now> <reason>, such as"),
        ("tomorrow the database is down", "write <time, at most 24h from now> <reason>, such as"),
    ],
)
def test_break_glass_has_an_end_and_a_reason(written: str, want: str | None) -> None:
    found = [line(one) for one in decide(facts(glass(pool(), written), queue())).denied]
    assert bool(found) is (want is not None)
    if want is not None:
        assert found[0].startswith(f"metadata.annotations[{GLASS}]: Invalid value: ")
        assert want in found[0]


OVER = "2026-11-22T12:00:00Z the database was down"
OVER_TOLD = ("metadata.annotations[headgate.dev/break-glass]: is over and lifts nothing: remove it at its source",)


def applied(obj: Object, written: str) -> Object:
    """An object that `kubectl apply` has written, and whose annotation was taken off afterwards."""
    kept = {break_glass.LAST_APPLIED: json.dumps(glass(obj, written))}
    return {**obj, "metadata": {**obj["metadata"], "annotations": kept}}


@pytest.mark.parametrize(
    ("old", "manager"),
    [
        pytest.param(glass(pool(), OVER), "", id="it stands there"),
        pytest.param(applied(pool(), OVER), "", id="it was taken off, and kubectl apply writes it again"),
        pytest.param(pool(), "argocd-controller", id="it was taken off, and Argo CD writes it again"),
        pytest.param(pool(), "kustomize-controller", id="it was taken off, and Flux writes it again"),
        pytest.param(None, "argocd-controller", id="Git has it, and the pool is made anew"),
    ],
)
def test_one_that_ran_out_never_blocks_another_edit(old: Object | None, manager: str) -> None:
    asked = facts(glass(pool(concurrency=2), OVER), queue(), old=old)
    decision = decide(replace(asked, manager=manager))
    assert (decision.denied, decision.warnings) == ((), OVER_TOLD)
    assert "break-glass" not in decision.audit, "it lifts nothing"


@pytest.mark.parametrize(
    ("old", "manager"),
    [
        pytest.param(None, "", id="a new object"),
        pytest.param(pool(), "kubectl-client-side-apply", id="a person's first try"),
        pytest.param(glass(pool(), "2026-11-22T11:00:00Z the database was down"), "", id="other words than before"),
        pytest.param(applied(pool(), HELD), "", id="other words than were applied"),
        pytest.param(
            {**pool(), "metadata": {**pool()["metadata"], "annotations": {break_glass.LAST_APPLIED: f"{{{GLASS}"}}},
            "",
            id="a last configuration that cannot be read",
        ),
    ],
)
def test_what_is_over_when_it_is_first_written_is_refused(old: Object | None, manager: str) -> None:
    asked = facts(glass(pool(concurrency=2), OVER), queue(), old=old)
    (found,) = [line(one) for one in decide(replace(asked, manager=manager)).denied]
    assert "is over already: give it a later time, or remove it" in found


def test_a_tool_of_a_policys_own_repeats_itself_too() -> None:
    world = (queue(), policy(drift={"gitOpsManagers": ["deployer"]}, limits={"maxPriority": 5}))
    asked = facts(glass(pool(concurrency=2), OVER), *world, old=pool())
    assert decide(replace(asked, manager="deployer")).allowed
    assert not decide(replace(asked, manager="argocd-controller")).allowed


def test_break_glass_silences_drift_and_is_audited() -> None:
    decision = decide(facts(glass(EDIT, HELD), queue(), old=owned(pool())))
    assert decision.warnings == ()
    assert decision.audit["break-glass"] == "until 2026-11-23T18:00:00Z: the database is down"


def labelled(obj: Object) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "labels": {"team": "media"}}}


@pytest.mark.parametrize("new", [policy(limits={"maxRetries": 5}), cluster_policy(limits={"maxRetries": 5})])
def test_a_policy_carries_no_break_glass(new: Object) -> None:
    (found,) = [line(one) for one in decide(facts(glass(new, HELD))).denied]
    assert found == (
        f"metadata.annotations[{GLASS}]: Forbidden: lifts nothing of a policy: remove it; an exemption lets something"
        " pass, with a reason and an end"
    )
    assert decide(facts(glass(labelled(new), HELD), old=glass(new, HELD))).allowed, "one from before blocks no edit"


def test_break_glass_lifts_no_limit() -> None:
    strict = policy(limits={"maxReplicasPerPool": 5})
    assert not decide(facts(glass(pool(), HELD), queue(), strict)).allowed


def deleted(old: Object, *world: Object) -> Decision:
    return decide(Facts(old["kind"], Operation.DELETE, None, old, MemorySnapshot.of((old, *world)), NOW))


def test_break_glass_lets_a_queue_in_use_go() -> None:
    assert not deleted(queue(), pool()).allowed
    decision = deleted(glass(queue(), HELD), pool())
    assert decision.allowed
    assert "break-glass" in decision.audit


@pytest.mark.parametrize(
    ("written", "want"),
    [
        pytest.param(HELD, "", id="it holds"),
        pytest.param("2026-11-24T12:00:30Z the database is down", "", id="its writer's clock is half a minute ahead"),
        pytest.param("2026-11-23T12:00:00Z the database is down", "is over", id="its time has come"),
        pytest.param("2026-11-24T12:02:00Z the database is down", "lasts for longer than 24h", id="longer than a day"),
        pytest.param("tomorrow the database", "says no time and reason that can be read", id="no time"),
        pytest.param("2026-11-23T18:00:00Z", "says no time and reason that can be read", id="no reason"),
    ],
)
def test_what_is_wrong_with_break_glass_that_is_stored(written: str, want: str) -> None:
    assert break_glass.fault(queue(metadata={"annotations": {GLASS: written}}), NOW) == want
