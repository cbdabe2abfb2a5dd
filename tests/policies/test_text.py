"""Denials and warnings as the API server passes them on."""

from __future__ import annotations

from crds.findings import Finding, Reason
from policies import Action, Decision, PolicyRef, Violation, decide, text
from tests.policies.objects import cluster_policy, facts, policy, pool, queue


def violation(number: int = 0, *, message: str = "no", who_may: bool = False) -> Violation:
    return Violation(Finding(f"spec.f{number}", Reason.INVALID, message, number), "rule", who_may=who_may)


def test_a_denial_is_a_422_with_a_cause_for_each_finding_and_all_of_them_in_the_message() -> None:
    strict = cluster_policy(limits={"maxReplicasPerPool": 20}, requiredLabels=[{"key": "team"}])
    decision = decide(facts(pool(scaling={"maxReplicas": 40}), queue(), strict))
    assert text.status(decision, "WorkerPool", "thumbnails") == {
        "status": "Failure",
        "code": 422,
        "reason": "Invalid",
        "message": 'WorkerPool.work.headgate.dev "thumbnails" is invalid: ['
        "spec.scaling.maxReplicas: Invalid value: 40: at most 20"
        " (ClusterPolicy guardrails, limits.maxReplicasPerPool), "
        "metadata.labels[team]: Required value: name the owning team (ClusterPolicy guardrails, requiredLabels)]",
        "details": {
            "group": "work.headgate.dev",
            "kind": "WorkerPool",
            "name": "thumbnails",
            "causes": [
                {
                    "reason": "FieldValueInvalid",
                    "field": "spec.scaling.maxReplicas",
                    "message": "Invalid value: 40: at most 20 (ClusterPolicy guardrails, limits.maxReplicasPerPool)",
                },
                {
                    "reason": "FieldValueRequired",
                    "field": "metadata.labels[team]",
                    "message": "Required value: name the owning team (ClusterPolicy guardrails, requiredLabels)",
                },
            ],
        },
    }


def test_only_what_denies_is_told_in_the_denial() -> None:
    world = [
        queue(),
        policy("w", action="Warn", limits={"maxReplicasPerPool": 1}),
        policy(limits={"maxReplicasPerPool": 5}),
    ]
    decision = decide(facts(pool(), *world))
    causes = text.status(decision, "WorkerPool", "thumbnails")["details"]["causes"]
    assert [cause["message"] for cause in causes] == [
        "Invalid value: 10: at most 5 (Policy limits, limits.maxReplicasPerPool)"
    ]


def test_a_refusal_of_the_person_alone_is_a_403() -> None:
    status = text.status(Decision((violation(who_may=True),)), "Queue", "q")
    assert (status["code"], status["reason"], status["details"]["kind"]) == (403, "Forbidden", "queues")
    assert status["message"] == 'queues.work.headgate.dev "q" is forbidden: spec.f0: Invalid value: 0: no'


def test_a_refusal_of_person_and_value_is_a_422_with_both() -> None:
    status = text.status(Decision((violation(0, who_may=True), violation(1))), "Queue", "q")
    assert (status["code"], len(status["details"]["causes"])) == (422, 2)


def test_a_denial_is_bounded_however_much_is_wrong() -> None:
    status = text.status(Decision(tuple(violation(number, message="x" * 400) for number in range(500))), "Queue", "q")
    assert len(status["details"]["causes"]) == text.MAX_CAUSES
    assert len(status["message"]) < text.MAX_MESSAGE + 1000
    assert status["message"].endswith(" more]")


def test_a_warning_is_one_short_line() -> None:
    long = Violation(
        Finding("spec.image", Reason.INVALID, "two\nlines " + "x" * 300), "rule", Action.WARN, PolicyRef("Policy", "p")
    )
    words = text.warning(long)
    assert (len(words), "\n" in words) == (text.MAX_WARNING, False)
    assert words.startswith("spec.image: Invalid value: two lines xxx")
    assert words.endswith("...")
