"""Rules in CEL as part of a decision: what they see, what follows from them, and what happens where they fail."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policies import Decision, MemorySnapshot, Operation, User, decide
from policies.text import line
from tests.policies.objects import NOW, Object, cluster_policy, facts, namespace, obj, policy, pool, queue
from tests.webhooks.reviews import scale_review
from webhooks.decider import Decider
from webhooks.review import parse


def held(replicas: int) -> Object:
    return pool(hold={"replicas": replicas})


def rule(expression: str, **more: Any) -> Object:
    return {"name": "rule", "expression": expression, "message": "no", **more}


def lines(decision: Decision) -> list[str]:
    return [line(violation) for violation in decision.violations]


def judged(expression: str, new: Object, *world: Object, old: Object | None = None, **more: Any) -> list[str]:
    return lines(decide(facts(new, policy(rules=[rule(expression, **more)]), *world, old=old)))


NO = ["spec: Invalid value: no (Policy limits, rules.rule)"]


@pytest.mark.parametrize(
    ("expression", "new", "want"),
    [
        pytest.param("object.spec.scaling.maxReplicas <= 20", pool(scaling={"maxReplicas": 20}), [], id="true is fine"),
        pytest.param("object.spec.scaling.maxReplicas <= 20", pool(scaling={"maxReplicas": 21}), NO, id="false is not"),
        pytest.param("object.kind == 'WorkerPool'", queue(), NO, id="queues are asked as well"),
        pytest.param("object.spec.paused == false", queue(), [], id="defaults of the schema are there"),
        pytest.param("oldObject == null", pool(), [], id="there is no old object at a creation"),
        pytest.param("request.operation == 'CREATE' && request.name == 'thumbnails'", pool(), [], id="the request"),
        pytest.param("request.userInfo.username == 'alice'", pool(), NO, id="the user"),
        pytest.param("namespaceObject.metadata.labels['tier'] == 'gold'", pool(), [], id="labels of the namespace"),
        pytest.param(
            "queues.all(q, q.queueName == 'media-thumbs' && q.broker == 'redis')", pool(), [], id="its queues"
        ),
        pytest.param("queues.size() == 0", queue(), [], id="a queue has no queues"),
        pytest.param("effective.scaling.minReplicas == 1", pool(), [], id="effective values are built-in ones"),
        pytest.param("effective.retry.maxRetries == 7", queue(), [], id="or inherited ones"),
        pytest.param(
            "quantity(object.spec.resources.limits.memory) == quantity('1024Mi')",
            pool(resources={"limits": {"memory": "1Gi"}}),
            [],
            id="quantities are equal in any spelling",
        ),
        pytest.param(
            "quantity(object.spec.resources.limits.cpu).isLessThan(quantity('2'))",
            pool(resources={"limits": {"cpu": 2}}),
            NO,
            id="a quantity may be a number",
        ),
        pytest.param("quantity('1Gi').add(quantity('1Gi')).compareTo(quantity('2Gi')) == 0", pool(), [], id="added"),
        pytest.param("quantity('1500m').sub(1).asApproximateFloat() == 0.5", pool(), [], id="subtracted"),
        pytest.param(
            "isQuantity('5') && !isQuantity('five') && quantity('5k').asInteger() == 5000",
            pool(),
            [],
            id="asked whether they are one",
        ),
        pytest.param(
            "duration(object.spec.drain.timeout) < duration('1h')",
            pool(drain={"timeout": "59m60s"}),
            NO,
            id="durations are compared by their length",
        ),
        pytest.param("object.spec.concurrency + 1 == 5", pool(concurrency=4.0), [], id="4.0 is an integer"),
        pytest.param("!has(object.spec.priority)", pool(priority=None), [], id="null is absent"),
        pytest.param(
            "object.metadata.labels['team'] == 'media'",
            pool(metadata={"labels": {"team": "media"}}),
            [],
            id="labels of the object",
        ),
    ],
)
def test_what_a_rule_sees(expression: str, new: Object, want: list[str]) -> None:
    world = (
        namespace(tier="gold"),
        queue(queueName="media-thumbs"),
        cluster_policy(defaults={"retry": {"maxRetries": 7}}),
    )
    kinds: dict[str, Any] = {"kinds": [new["kind"]]} if "object" in expression or "effective" in expression else {}
    found = judged(expression, new, *world, **kinds)
    assert [text[: len(wanted)] for text, wanted in zip(found, want, strict=True)] == want


@pytest.mark.parametrize(
    ("more", "want"),
    [
        pytest.param({}, "spec: Invalid value: no", id="the whole spec where no field is named"),
        pytest.param({"fieldPath": "spec.concurrency"}, "spec.concurrency: Invalid value: 4: no", id="a field"),
        pytest.param(
            {"fieldPath": "spec.queues[0].name"}, 'spec.queues[0].name: Invalid value: "thumbnails": no', id="[0]"
        ),
        pytest.param(
            {"fieldPath": "metadata.labels[acme.io/team]"},
            'metadata.labels[acme.io/team]: Invalid value: "x": no',
            id="key",
        ),
        pytest.param({"fieldPath": "spec.hold.replicas"}, "spec.hold.replicas: Invalid value: no", id="nothing there"),
        pytest.param(
            {"message": None, "messageExpression": "object.metadata.name + ' has ' + string(object.spec.concurrency)"},
            "spec: Invalid value: thumbnails has 4",
            id="a message that is made",
        ),
        pytest.param(
            {"message": None, "messageExpression": "object.spec.version"},
            "spec: Invalid value: rule rule does not hold",
            id="a message that can't be made",
        ),
        pytest.param({"message": "one\nline"}, "spec: Invalid value: one line", id="line breaks go"),
    ],
)
def test_what_the_user_is_told(more: Mapping[str, Any], want: str) -> None:
    new = pool(concurrency=4, metadata={"labels": {"acme.io/team": "x"}})
    assert judged("object.spec.concurrency < 4", new, kinds=["WorkerPool"], **more) == [
        f"{want} (Policy limits, rules.rule)"
    ]


@pytest.mark.parametrize("action", ["Deny", "Warn", "Audit"])
def test_a_rule_has_an_action_of_its_own(action: str) -> None:
    decision = decide(facts(queue(), policy(action="Audit", rules=[rule("false", action=action)])))
    assert [violation.action for violation in decision.violations] == [action]
    assert decision.allowed == (action != "Deny")
    assert len(decision.warnings) == (action == "Warn")


def test_every_rule_is_told_beside_the_limits() -> None:
    limits = policy(limits={"maxReplicasPerPool": 5}, rules=[rule("false"), rule("1 == 2", name="other")])
    assert lines(decide(facts(pool(), limits))) == [
        "spec.scaling.maxReplicas: Invalid value: 10: at most 5 (Policy limits, limits.maxReplicasPerPool)",
        "spec: Invalid value: no (Policy limits, rules.rule)",
        "spec: Invalid value: no (Policy limits, rules.other)",
    ]


def test_kinds_and_operations_say_when_it_is_asked() -> None:
    assert judged("false", queue(), kinds=["WorkerPool"]) == []
    assert judged("false", pool(), operations=["UPDATE"]) == []
    assert judged("false", pool(concurrency=2), old=pool(), operations=["CREATE"]) == []
    assert judged("false", pool(concurrency=2), old=pool(concurrency=3), operations=["UPDATE"]) == []
    assert (
        judged("oldObject.spec.concurrency < 3", pool(concurrency=2), old=pool(concurrency=3), kinds=["WorkerPool"])
        == NO
    )


def test_a_delete_is_asked_about_the_old_object() -> None:
    deleted = pool(metadata={"labels": {"keep": "yes"}})
    world = facts(deleted, policy(rules=[rule("!('keep' in oldObject.metadata.labels)", operations=["DELETE"])]))
    assert lines(decide(replace(world, operation=Operation.DELETE, new=None, old=deleted))) == NO


def test_a_user_is_named() -> None:
    asked = facts(pool(), policy(rules=[rule("request.userInfo.groups.exists(g, g == 'platform')")]))
    assert lines(decide(asked)) == NO
    assert lines(decide(replace(asked, user=User("alice", ("platform",))))) == []


class TestScaling:
    """A Scale names replicas only; the rest of the pool is what the snapshot keeps of it."""

    GOLD = "object.metadata.labels[?'tier'].orValue('') == 'gold' || object.spec.hold.replicas <= 3"
    ABOVE = "object.spec.hold.replicas <= object.spec.scaling.maxReplicas"

    def scaled(self, expression: str, replicas: int, before: Object, **more: Any) -> list[str]:
        rules = [rule(expression, kinds=["WorkerPool"], fieldPath="spec.hold.replicas", **more)]
        decider = Decider(MemorySnapshot.of([before, queue(), policy(rules=rules)]), lambda: NOW)
        old = before["spec"].get("hold", {}).get("replicas", 0)
        asked = parse(json.dumps(scale_review(before["metadata"]["name"], replicas, old)).encode())
        return lines(decider(asked, final=True))

    @pytest.mark.parametrize(
        ("expression", "replicas", "before", "want_denied"),
        [
            pytest.param(GOLD, 4, pool(), True, id="what is asked for"),
            pytest.param(GOLD, 3, pool(), False, id="what is fine"),
            pytest.param(GOLD, 4, pool(metadata={"labels": {"tier": "gold"}}), False, id="with the labels of the pool"),
            pytest.param(ABOVE, 11, pool(), True, id="against the pool's own maximum"),
            pytest.param("object.spec.?hold.replicas.orValue(9) >= 3", 2, pool(), True, id="a least of a hold"),
            pytest.param("queues.all(q, q.name != 'thumbnails') || object.spec.hold.replicas < 2", 2, pool(), True,
                         id="with its queues"),
            pytest.param("has(object.spec.hold.until)", 2, pool(hold={"replicas": 1, "until": "2027-01-01T00:00:00Z"}),
                         False, id="the rest of a hold stays"),
            pytest.param("request.subResource != 'scale' || request.userInfo.username == 'root'", 2, pool(), True,
                         id="who may scale"),
            pytest.param("object.spec.concurrency < 1", 5, pool(), False, id="what scaling cannot break"),
            pytest.param("object.spec.hold.replicas < 2", 9, held(9), False, id="what stays as it is"),
        ],
    )  # fmt: skip
    def test_is_asked(self, expression: str, replicas: int, before: Object, want_denied: bool) -> None:
        assert bool(self.scaled(expression, replicas, before)) is want_denied

    def test_that_fails_counts_as_broken(self) -> None:
        (told,) = self.scaled("object.spec.hold.until != '' && object.spec.hold.replicas < 3", 1, pool())
        assert "rule rule failed: there is no until; ask has() first" in told

    def test_is_not_asked_for_changes_only_where_it_says_so(self) -> None:
        assert self.scaled(self.GOLD, 9, pool(), operations=["CREATE"]) == []

    def test_passes_by_what_it_cannot_know_and_the_author_is_told(self) -> None:
        """Only a part of the pool is known; a rule about another part would be asked of nothing."""
        expression = "object.spec.priority > 5 || object.spec.hold.replicas < 3"
        assert self.scaled(expression, 9, pool()) == []
        applied = policy("mine", rules=[rule("true"), rule(expression, name="b", kinds=["WorkerPool"])])
        assert decide(facts(applied)).warnings == (
            "spec.rules[1].expression: not asked of kubectl scale, where object.spec.priority is unknown",
        )


class TestARuleThatFails:
    """It counts as broken: nothing is known of what it was to keep out."""

    EXPRESSION = "object.spec.hold.replicas < 5"
    SAYS = "spec: Invalid value: rule rule failed: there is no hold; ask has() first (Policy limits, rules.rule)"

    def test_follows_its_action(self) -> None:
        for action in ("Deny", "Warn", "Audit"):
            decision = decide(facts(pool(), policy(rules=[rule(self.EXPRESSION, kinds=["WorkerPool"], action=action)])))
            assert [(found.action, found.failed) for found in decision.violations] == [(action, True)]

    def test_says_why(self) -> None:
        assert judged(self.EXPRESSION, pool(), kinds=["WorkerPool"]) == [self.SAYS]

    def test_is_tolerated_where_it_failed_before(self) -> None:
        assert judged(self.EXPRESSION, pool(concurrency=2), old=pool(), kinds=["WorkerPool"]) == []

    def test_is_silent_where_the_object_is_malformed(self) -> None:
        assert judged("object.spec.concurrency < 5", pool(concurrency="many"), kinds=["WorkerPool"]) == [
            'spec.concurrency: Invalid value: "many": must be an integer'
        ]

    def test_of_an_object_too_large(self) -> None:
        large = pool(metadata={"annotations": {"acme.io/note": "x" * 300_000}})
        (told,) = judged("object.metadata.name != ''", large)
        assert "larger than 256 KiB" in told

    def test_of_effective_values_of_an_object_too_large(self) -> None:
        large = pool(resources={"limits": {"x" * 300_000: "1"}})
        told = judged("effective.resources.limits.all(k, k != '')", large, kinds=["WorkerPool"])
        assert any("larger than 256 KiB" in one for one in told)

    def test_of_an_object_too_large_that_only_rules_look_at_which_are_not_asked(self) -> None:
        large = pool(metadata={"annotations": {"acme.io/note": "x" * 300_000}})
        rules = [rule("object.metadata.name != ''", operations=["UPDATE"]), rule("request.name == 'x'", name="b")]
        assert lines(decide(facts(large, policy(rules=rules)))) == ["spec: Invalid value: no (Policy limits, rules.b)"]

    def test_where_it_could_not_be_compiled(self) -> None:
        """Such as one from an older version of Headgate, whose field is gone."""
        (told,) = judged("object.spec.replica < 5", pool(), kinds=["WorkerPool"])
        assert told.startswith(
            "spec: Invalid value: rule rule cannot be asked: line 1, column 13: WorkerPool.spec has no"
        )


class TestLegacyTolerance:
    def test_an_old_violation_does_not_block_another_edit(self) -> None:
        old = pool(concurrency=9)
        new = pool(concurrency=9, paused=True)
        assert judged("object.spec.concurrency < 9", new, old=old, kinds=["WorkerPool"]) == []

    def test_a_changed_value_is_judged(self) -> None:
        old, new = pool(concurrency=9), pool(concurrency=10)
        more = {"fieldPath": "spec.concurrency", "kinds": ["WorkerPool"]}
        assert judged("object.spec.concurrency < 9", new, old=old, **more) != []

    def test_a_rule_about_the_change_itself_is_always_asked(self) -> None:
        old, new = pool(concurrency=9), pool(concurrency=10)
        assert judged("object.spec.concurrency == oldObject.spec.concurrency", new, old=old, kinds=["WorkerPool"]) == NO


class TestApplyingAPolicy:
    def told(self, *rules: Object, **spec: Any) -> list[str]:
        return lines(decide(facts(obj("Policy", "mine", {"action": "Deny", "rules": list(rules), **spec}))))

    def test_a_good_rule(self) -> None:
        assert self.told(rule("object.spec.paused == false", kinds=["Queue"])) == []

    def test_a_typing_error_is_told_at_its_place(self) -> None:
        assert self.told(rule("true"), rule("object.spec.scaling.maxReplica < 3", name="b", kinds=["WorkerPool"])) == [
            'spec.rules[1].expression: Invalid value: "object.spec.scaling.maxReplica < 3":'
            " line 1, column 21: WorkerPool.spec.scaling has no field maxReplica; did you mean maxReplicas?"
        ]

    def test_a_rule_that_fits_one_kind_only(self) -> None:
        (told,) = self.told(rule("object.spec.scaling.maxReplicas < 3"))
        assert told.endswith("Queue.spec has no field scaling; it fits WorkerPool only: set kinds: [WorkerPool]")
        assert self.told(rule("object.spec.scaling.maxReplicas < 3"), match={"kinds": ["WorkerPool"]}) == []

    def test_a_message_is_checked_as_well(self) -> None:
        wrong = {"name": "a", "expression": "true", "messageExpression": "1 + 1"}
        assert self.told(wrong) == [
            'spec.rules[0].messageExpression: Invalid value: "1 + 1": line 1, column 1: gives int, must give text'
        ]

    def test_all_rules_together_have_a_budget(self) -> None:
        costly = "object.spec.env.filter(e, e.name.startsWith('A')).size() < 3"
        rules = [rule(costly, name=f"r{number}", kinds=["WorkerPool"]) for number in range(5)]
        assert self.told(*rules[:3]) == []
        (told,) = self.told(*rules)
        assert told.startswith("spec.rules: Invalid value: the rules together could take 1,")

    def test_more_text_than_is_worth_compiling(self) -> None:
        """Compiling blocks everybody else: the schema's 64 rules of 4,096 characters each would take some seconds."""
        longest = " || ".join(["object.spec.concurrency<1"] * 141)
        rules = [rule(f"{longest} || {number}<1", name=f"r{number}", kinds=["WorkerPool"]) for number in range(64)]
        began = time.process_time()
        assert self.told(*rules) == [
            "spec.rules: Invalid value: the expressions together have 261,942 characters, at most 16,384:"
            " split the policy"
        ]
        assert time.process_time() - began < 1
        assert self.told(*rules[:4]) == []

    def test_rules_that_are_none(self) -> None:
        """What the schema refuses is told once, and breaks nothing."""
        broken: list[Any] = [
            None,
            3,
            {"name": 4, "expression": 5},
            {"expression": "tru", "operations": ["X"], "kinds": 3},
        ]
        decision = decide(facts(obj("Policy", "mine", {"action": "Deny", "rules": broken})))
        assert any("there is no variable or function tru" in told for told in lines(decision))
        nothing = {"name": "a", "expression": "tru", "kinds": ["Nothing"]}
        assert any("no variable" in told for told in self.told(nothing))
        assert not decide(facts(pool(), obj("Policy", "mine", {"action": "Deny", "rules": broken}))).allowed
