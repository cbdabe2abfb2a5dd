"""Exemptions: which rules, which objects, whom, and until when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies import User, decide
from tests.policies.objects import Object, cluster_policy, facts, policy, pool, queue

LATER, SOON, PAST = "2027-06-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-23T11:59:59Z"
LIMITS = {"maxReplicasPerPool": 20}


def exempting(**fields: Any) -> Object:
    least = {"name": "import", "rules": ["maxReplicasPerPool"], "reason": "the import of 2026", "expirationTime": LATER}
    return {**least, **fields}


def large(**spec: Any) -> Object:
    return pool(scaling={"maxReplicas": 40}, **spec)


@pytest.mark.parametrize(
    ("exemption", "want_allowed"),
    [
        pytest.param(exempting(), True, id="the rule by its short name"),
        pytest.param(exempting(rules=["*"]), True, id="every rule"),
        pytest.param(exempting(rules=["allowedImages"]), False, id="another rule"),
        pytest.param(exempting(expirationTime=PAST), False, id="expired"),
        pytest.param(exempting(expirationTime="2026-11-23T14:00:00.5+01:00"), True, id="an offset, still to come"),
        pytest.param(exempting(match={"names": ["thumb*"]}), True, id="by name"),
        pytest.param(exempting(match={"names": ["orders"]}), False, id="another name"),
        pytest.param(exempting(match={"kinds": ["Queue"]}), False, id="another kind"),
        pytest.param(exempting(match={"namespaces": ["med*"]}), True, id="by namespace"),
        pytest.param(exempting(match={"namespaces": ["bi"]}), False, id="another namespace"),
        pytest.param(exempting(match={"labelSelector": {"matchLabels": {"tier": "x"}}}), False, id="another label"),
        pytest.param(exempting(subjects=[{"kind": "User", "name": "alice"}]), True, id="this user"),
        pytest.param(exempting(subjects=[{"kind": "User", "name": "bob"}]), False, id="another user"),
        pytest.param(exempting(subjects=[{"kind": "Group", "name": "sre"}]), True, id="a group of theirs"),
        pytest.param(exempting(subjects=[{"kind": "Group", "name": "alice"}]), False, id="a group of that name"),
        pytest.param(
            exempting(subjects=[{"kind": "ServiceAccount", "namespace": "ci", "name": "alice"}]), False, id="no account"
        ),
    ],
)
def test_what_an_exemption_lets_pass(exemption: Object, want_allowed: bool) -> None:
    asked = facts(large(), queue(), policy(limits=LIMITS, exemptions=[exemption]))
    decision = decide(replace(asked, user=User("alice", ("sre", "system:authenticated"))))
    assert decision.allowed is want_allowed
    assert [one.exemption for one in decision.exempted] == (["import"] if want_allowed else [])


def test_a_service_account_is_known_by_its_full_name() -> None:
    subjects = [{"kind": "ServiceAccount", "namespace": "ci", "name": "deployer"}]
    asked = facts(large(), queue(), policy(limits=LIMITS, exemptions=[exempting(subjects=subjects)]))
    assert decide(replace(asked, user=User("system:serviceaccount:ci:deployer"))).allowed
    assert not decide(replace(asked, user=User("deployer"))).allowed


def test_an_exemption_acts_on_its_own_policy_only() -> None:
    lenient = policy(limits=LIMITS, exemptions=[exempting()])
    decision = decide(facts(large(), queue(), lenient, cluster_policy(limits=LIMITS)))
    assert [str(violation.policy) for violation in decision.denied] == ["ClusterPolicy guardrails"]


def test_the_audit_log_names_the_exemption() -> None:
    decision = decide(facts(large(), queue(), policy(limits=LIMITS, exemptions=[exempting()])))
    assert decision.audit["exempted"] == "Policy limits:limits.maxReplicasPerPool:import"


def test_an_exemption_is_warned_about_before_it_ends() -> None:
    soon = policy(limits=LIMITS, exemptions=[exempting(expirationTime=SOON)])
    assert decide(facts(large(), queue(), soon)).warnings == (
        "spec.scaling.maxReplicas: exempt until 2026-12-01 only, then at most 20 (Policy limits, import)",
    )
    assert decide(facts(large(), queue(), policy(limits=LIMITS, exemptions=[exempting()]))).warnings == ()
    assert decide(facts(pool(), queue(), soon)).warnings == (), "nothing is said to those who need no exemption"
