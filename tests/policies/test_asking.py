"""Asking the strictest limit for all of them, and not asking rules whose field is not there, changes no answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import Facts, MemorySnapshot, Operation, decide
from policies.asking import Guard, Plan
from policies.compiled import applying
from policies.facts import Object
from policies.rules import BUILT_IN, POLICY
from policies.rules.rule import WORK_KINDS, BuiltInRule
from policies.snapshot import Policies
from policies.subject import Subject
from tests.crds import seeds
from tests.policies.objects import NOW, policy, pool, queue
from tests.policies.test_every_rule import CASES

NUMBERS = st.integers(0, 12)
LENGTHS = st.sampled_from(["1ms", "1s", "59s", "1m", "61s", "1h", "90m"])
RATES = st.fixed_dictionaries({"jobs": st.integers(1, 70), "per": st.sampled_from(["1s", "1m", "1500ms"])})
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "maxReplicasPerPool": NUMBERS,
        "maxQueuesPerNamespace": NUMBERS,
        "maxPoolsPerQueue": NUMBERS,
        "maxConcurrency": NUMBERS,
        "maxInFlight": NUMBERS,
        "maxPriority": NUMBERS,
        "maxRetries": NUMBERS,
        "maxRate": RATES,
        "minDrainTimeout": LENGTHS,
        "maxDrainTimeout": LENGTHS,
        "maxBackoff": LENGTHS,
        "maxRetention": LENGTHS,
    },
)
SOME = [queue(f"queue-{number}", queueName=f"{number}") for number in range(3)]
MANY = st.lists(LIMITS, min_size=1, max_size=5)
POOLS = st.builds(
    lambda most, concurrency, priority, timeout: pool(
        queues=("queue-1",),
        scaling={"maxReplicas": most, "minReplicas": 1},
        concurrency=concurrency,
        priority=priority,
        drain={"timeout": timeout},
    ),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    LENGTHS,
)
QUEUES = st.builds(
    lambda rate, retries, longest, kept: queue(
        rateLimit=rate, retry={"maxRetries": retries, "backoff": {"max": longest}}, retention={"failed": kept}
    ),
    RATES,
    NUMBERS,
    LENGTHS,
    LENGTHS,
)


@given(limits=MANY, obj=st.one_of(POOLS, QUEUES))
def test_the_strictest_limit_speaks_for_all(limits: Sequence[dict[str, Any]], obj: Object) -> None:
    world = [*SOME, pool("other", queues=("queue-1",))]
    written = [policy(f"policy-{number}", limits=one) for number, one in enumerate(limits)]
    facts = Facts(obj["kind"], Operation.CREATE, obj, None, MemorySnapshot.of([*world, *written]), NOW, final=True)
    applied = applying(facts.kind, obj, facts.snapshot)
    plan = applied.plan(facts.kind, facts.operation, "")
    subject = Subject(facts, obj, None, applied.views)
    every = [(check.policy, breach) for check in plan.checks for breach in check.rule.check(subject, check.limit)]
    told = decide(facts).violations
    assert [(one.policy, one.finding, one.excess) for one in told if one.policy] == [
        (ref, breach.finding, breach.excess) for ref, breach in every
    ]


def test_a_limit_of_one_policy_needs_no_guard() -> None:
    assert not _plan([{"maxReplicasPerPool": 5}, {"maxPriority": 5}]).guards


def test_what_guards_keep_is_not_asked() -> None:
    plan = _plan([{"maxReplicasPerPool": 5, "maxPriority": 3}, {"maxReplicasPerPool": 3}])
    assert [(guard.rule.id, guard.limit) for guard in plan.guards] == [("limits.maxReplicasPerPool", 3)]
    assert [check.rule.id for check in plan.with_broken([])] == ["limits.maxPriority"]
    assert plan.with_broken([Guard(guard.group, guard.rule, guard.limit) for guard in plan.guards]) == plan.checks


def _plan(limits: Sequence[dict[str, Any]]) -> Plan:
    written = [policy(f"policy-{number}", limits=one) for number, one in enumerate(limits)]
    return applying("WorkerPool", pool(), MemorySnapshot.of(written)).plan("WorkerPool", Operation.CREATE, "")


@pytest.mark.parametrize("rule", [rule for rule in POLICY if rule.strictest is not None], ids=lambda rule: rule.id)
def test_a_guard_is_broken_where_the_limit_is(rule: Any) -> None:
    case = CASES[rule.id]
    spec: Any = case.spec
    for part in rule.id.split("."):
        spec = spec[part]
    snapshot = MemorySnapshot.of(case.world)
    facts = Facts(case.obj["kind"], Operation.CREATE, case.obj, None, snapshot, NOW)
    limit = rule.strictest([rule.prepare(spec)])
    assert Guard(rule.id, rule, limit).is_broken(Subject(facts, case.obj, None, Policies()))


@pytest.mark.parametrize("rule", [rule for rule in BUILT_IN if rule.needs], ids=lambda rule: rule.id)
def test_without_the_field_it_needs_a_rule_finds_nothing(rule: BuiltInRule) -> None:
    for kind in sorted(rule.kinds):
        for seed in seeds.BY_KIND[kind]:
            obj = {**seed, "spec": {key: value for key, value in seed["spec"].items() if key != rule.needs}}
            obj["metadata"] = {"namespace": "media", **seed["metadata"]}
            world = MemorySnapshot.of([queue(), pool()] if kind in WORK_KINDS else [])
            facts = Facts(kind, Operation.CREATE, obj, None, world, NOW)
            assert not list(rule.check(Subject(facts, obj, None, Policies())))
