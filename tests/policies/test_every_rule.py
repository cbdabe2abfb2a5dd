"""What holds of every rule a policy can set: it refuses, it never blocks another edit, an exemption lifts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from policies import decide
from policies.rules import BUILT_IN, POLICY
from policies.text import line
from tests.policies.objects import Object, facts, policy, pool, queue


@dataclass(frozen=True, slots=True)
class Case:
    """A policy's spec, an object that breaks it, and the world around them."""

    spec: dict[str, Any]
    obj: Object
    world: tuple[Object, ...] = (queue(),)


def limit(name: str, value: Any, obj: Object, *world: Object) -> Case:
    return Case({"limits": {name: value}}, obj, world or (queue(),))


CASES = {
    "limits.maxReplicasPerPool": limit("maxReplicasPerPool", 5, pool()),
    "limits.maxQueuesPerNamespace": limit("maxQueuesPerNamespace", 1, queue("second", queueName="2"), queue("first")),
    "limits.maxPoolsPerQueue": limit("maxPoolsPerQueue", 1, pool("second"), queue(), pool("first")),
    "limits.maxRate": limit("maxRate", {"jobs": 1, "per": "1s"}, queue(rateLimit={"jobs": 2, "per": "1s"})),
    "limits.maxRetries": limit("maxRetries", 1, queue(retry={"maxRetries": 2})),
    "limits.maxBackoff": limit("maxBackoff", "1m", queue(retry={"backoff": {"max": "2m"}})),
    "limits.maxRetention": limit("maxRetention", "1h", queue(retention={"completed": "2h"})),
    "limits.maxConcurrency": limit("maxConcurrency", 4, pool(concurrency=5)),
    "limits.maxInFlight": limit("maxInFlight", 4, pool(maxInFlight=5)),
    "limits.minDrainTimeout": limit("minDrainTimeout", "15m", pool(drain={"timeout": "1m"})),
    "limits.maxDrainTimeout": limit("maxDrainTimeout", "5m", pool(drain={"timeout": "6m"})),
    "limits.maxPriority": limit("maxPriority", 1, pool(priority=2)),
    "limits.maxResourcesPerReplica": limit(
        "maxResourcesPerReplica", {"cpu": "1"}, pool(resources={"requests": {"cpu": "1500m"}})
    ),
    "reservedNames": Case({"reservedNames": ["old-*"]}, queue(queueName="old-jobs")),
    "allowedImages": Case({"allowedImages": ["registry.acme.io/"]}, pool(image="docker.io/acme/x:1")),
    "requiredLabels": Case({"requiredLabels": [{"key": "team"}]}, pool()),
    "allowedBrokers": Case({"allowedBrokers": ["*.prod.svc"]}, queue()),
}


def edited(obj: Object) -> Object:
    """The object after an edit that has nothing to do with any policy."""
    other = {"paused": True} if obj["kind"] == "Queue" else {"args": ["--verbose"]}
    return {**obj, "spec": {**obj["spec"], **other}}


def test_there_is_a_case_for_every_rule() -> None:
    assert CASES.keys() == {rule.id for rule in POLICY}


def test_rules_have_names_of_their_own_and_say_what_must_hold() -> None:
    every = (*BUILT_IN, *POLICY)
    assert len({rule.id for rule in every}) == len(every)
    assert len({rule.exempt_as for rule in POLICY}) == len(POLICY), "an exemption names a rule by its last part"
    assert all(rule.sentence.endswith(".") for rule in every)


@pytest.mark.parametrize("rule", CASES)
def test_it_is_refused_and_named(rule: str) -> None:
    case = CASES[rule]
    (violation,) = decide(facts(case.obj, *case.world, policy(**case.spec))).denied
    assert (violation.rule, str(violation.policy)) == (rule, "Policy limits")
    assert violation.finding.field.startswith(("spec.", "metadata.")), "kubectl names the field"


@pytest.mark.parametrize("rule", CASES)
def test_another_edit_is_never_blocked(rule: str) -> None:
    case = CASES[rule]
    assert decide(facts(edited(case.obj), *case.world, policy(**case.spec), old=case.obj)).allowed


@pytest.mark.parametrize("rule", CASES)
def test_an_exemption_lifts_it(rule: str) -> None:
    case = CASES[rule]
    exemption = {
        "name": "once",
        "rules": [rule.rpartition(".")[2]],
        "reason": "a good reason",
        "expirationTime": "2027-06-01T00:00:00Z",
    }
    decision = decide(facts(case.obj, *case.world, policy(**case.spec, exemptions=[exemption])))
    assert decision.allowed
    assert [violation.rule for violation in decision.exempted] == [rule]


@pytest.mark.parametrize("rule", CASES)
def test_a_warning_fits_one_line(rule: str) -> None:
    case = CASES[rule]
    warnings = decide(facts(case.obj, *case.world, policy(**case.spec, action="Warn"))).warnings
    assert warnings
    assert all(len(warning) <= 120 and "\n" not in warning for warning in warnings)


@pytest.mark.parametrize("rule", CASES)
def test_a_refusal_takes_few_lines_of_a_terminal(rule: str) -> None:
    """kubectl puts a bullet before it and breaks no lines; 80 columns break it by themselves."""
    case = CASES[rule]
    for violation in decide(facts(case.obj, policy(**case.spec), *case.world)).denied:
        told = f"* {line(violation)}"
        assert "\n" not in told
        assert len(told) <= 3 * 80, told
        assert violation.finding.field in told.partition(": ")[0]
