"""Asking all rules of a policy at once gives the answers that asking each gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import MemorySnapshot, Operation, decide
from policies.cel import celcpp
from policies.cel.engine import Program, Variables
from policies.compiled import applying
from policies.facts import Facts, Object
from policies.snapshot import Policies
from policies.subject import Subject
from tests.policies.objects import NOW, policy, pool, queue

EXPRESSIONS = (
    "true",
    "object.spec.scaling.maxReplicas <= 5",
    "object.spec.hold.replicas < 3",
    "!has(object.spec.hold) || object.spec.hold.replicas < 3",
    "oldObject == null || oldObject.spec.scaling.maxReplicas <= object.spec.scaling.maxReplicas",
    "object.metadata.labels.all(k, k != 'x')",
    "object.metadata.?labels['x'].orValue('') != 'y'",
    "effective.concurrency < 4 // as long as workers are small",
    "quantity(object.spec.resources.limits.memory).isLessThan(quantity('1Gi'))",
    "object.spec.image.startsWith('registry.acme.io/') || false",
    "object.spec.nothing == 1",
    "[1, 2].exists(n, n == object.spec.concurrency)",
)
RULES = st.lists(st.sampled_from(EXPRESSIONS), min_size=2, max_size=6)
POOLS = st.builds(
    lambda most, spec, labels: pool(scaling={"maxReplicas": most}, metadata={"labels": labels}, **spec),
    st.integers(3, 8),
    st.fixed_dictionaries(
        {},
        optional={
            "hold": st.fixed_dictionaries({"replicas": st.integers(0, 5)}),
            "concurrency": st.integers(1, 6),
            "resources": st.just({"limits": {"memory": "512Mi"}}),
        },
    ),
    st.sampled_from([{}, {"x": "y"}, {"team": "media"}]),
)


def ruled(expressions: Sequence[str], name: str = "rules", **more: object) -> Object:
    rules = [
        {"name": f"rule-{number}", "expression": expression, "message": f"no {number}", **more}
        for number, expression in enumerate(expressions)
    ]
    return policy(name, match={"kinds": ["WorkerPool"]}, rules=rules)


@given(one=RULES, other=RULES, new=POOLS, old=st.none() | POOLS)
def test_each_rule_speaks_for_itself_where_not_all_hold(
    one: Sequence[str], other: Sequence[str], new: Object, old: Object | None
) -> None:
    snapshot = MemorySnapshot.of([queue(), ruled(one, "a"), ruled(other, "b", operations=["CREATE"])])
    operation = Operation.CREATE if old is None else Operation.UPDATE
    facts = Facts("WorkerPool", operation, new, None, snapshot, NOW, final=True)
    applied = applying("WorkerPool", new, snapshot)
    plan, subject = applied.plan("WorkerPool", operation, ""), Subject(facts, new, None, applied.views)
    broken = [guard for guard in plan.guards if guard.is_broken(subject)]
    asked = [breach for check in plan.with_broken(broken) for breach in check.rule.check(subject, check.limit)]
    assert asked == [breach for check in plan.checks for breach in check.rule.check(subject, check.limit)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The expressions that the engine is asked, in their order."""
    asked: list[str] = []
    evaluate = celcpp.CelCpp.evaluate

    def counted(self: celcpp.CelCpp, program: Program, variables: Variables) -> object:
        asked.append(program.expression)
        return evaluate(self, program, variables)

    monkeypatch.setattr(celcpp.CelCpp, "evaluate", counted)
    return asked


def test_rules_that_all_hold_are_asked_once(asked: list[str]) -> None:
    world = [queue(), ruled(["object.spec.scaling.maxReplicas < 99", "true // of course", "1 < 2"])]
    facts = Facts("WorkerPool", Operation.CREATE, pool(), None, MemorySnapshot.of(world), NOW, final=True)
    assert not decide(facts).violations
    assert asked == ["[(object.spec.scaling.maxReplicas < 99\n), (true // of course\n), (1 < 2\n)]"]


def test_rules_that_do_not_hold_are_known_by_the_same_answer(asked: list[str]) -> None:
    world = [queue(), ruled(["object.spec.scaling.maxReplicas < 3", "true", "1 > 2"])]
    facts = Facts("WorkerPool", Operation.CREATE, pool(), None, MemorySnapshot.of(world), NOW, final=True)
    assert [found.rule for found in decide(facts).violations] == ["rules.rule-0", "rules.rule-2"]
    assert len(asked) == 1


def test_each_rule_is_asked_by_itself_where_one_has_no_answer(asked: list[str]) -> None:
    world = [queue(), ruled(["object.spec.hold.replicas < 3", "true", "1 > 2"])]
    facts = Facts("WorkerPool", Operation.CREATE, pool(), None, MemorySnapshot.of(world), NOW, final=True)
    told = [(found.rule, found.failed) for found in decide(facts).violations]
    assert told == [("rules.rule-0", True), ("rules.rule-2", False)]
    assert asked[1:] == ["object.spec.hold.replicas < 3", "true", "1 > 2"]


def test_a_rule_that_cannot_be_compiled_is_told_beside_others_that_hold() -> None:
    world = [queue(), ruled(["true", "object.spec.nothing == 1"])]
    facts = Facts("WorkerPool", Operation.CREATE, pool(), None, MemorySnapshot.of(world), NOW, final=True)
    (violation,) = decide(facts).violations
    assert violation.rule == "rules.rule-1"
    assert violation.failed


def test_no_policies_have_no_guards() -> None:
    assert not applying("WorkerPool", pool(), MemorySnapshot()).plan("WorkerPool", Operation.CREATE, "").guards
    assert not Policies()
