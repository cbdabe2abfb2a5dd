"""The policy engine by itself, without a server: `python -m bench.engine`.

What is told is processor time, so that a busy machine disturbs it little, and of several runs the least.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from bench.webhook import world
from policies import Facts, MemorySnapshot, Operation, decide
from policies.compiled import compiled

OBJECTS: Final = 50_000
POLICIES: Final = 200
NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)


def main() -> None:
    print(f"{POLICIES} policies of five limits and five rules in CEL compiled in {_compiling():.2f} s")
    print(f"snapshot of {OBJECTS} objects loaded in {_loading():.2f} s")
    without = _deciding(MemorySnapshot.of([world.queue(world.HOME, "jobs-000")]))
    bare = _deciding(_with_rules())
    print(
        f"a WorkerPool judged without policies in {1e6 * without:.0f} us, with a policy of one limit in"
        f" {1e6 * bare:.0f} us, and with rules in CEL in the same policy:"
    )
    for name, expression in world.RULES:
        print(f"  {name:22}{1e6 * (_deciding(_with_rules(expression)) - bare):>6.1f} us for the first rule")
    ten = _deciding(_with_rules(*(expression for _, expression in world.RULES * 2)))
    print(f"  {'ten of these':22}{1e6 * (ten - bare) / 10:>6.1f} us a rule")


def _compiling() -> float:
    """Expressions differ from policy to policy, so that none is compiled already."""
    made = []
    for number in range(POLICIES):
        rules = [_rule(index, f"{expression} || {number} < 0") for index, (_, expression) in enumerate(world.RULES)]
        made.append(_policy(f"policy-{number:03}", *rules))
    snapshot = MemorySnapshot.of(made)
    began = time.process_time()
    for view in snapshot.every_policy():
        compiled(view)
    return time.process_time() - began


def _loading() -> float:
    objects = []
    for number in range(OBJECTS // 2):
        namespace, name = f"team-{number % 500:03}", f"jobs-{number // 500:03}"
        objects += [world.queue(namespace, name, number), world.pool(namespace, name, number)]
    began = time.process_time()
    MemorySnapshot.of(objects)
    return time.process_time() - began


def _with_rules(*expressions: str) -> MemorySnapshot:
    rules = [_rule(number, expression) for number, expression in enumerate(expressions)]
    one = {"maxReplicasPerPool": 40}
    return MemorySnapshot.of([world.queue(world.HOME, "jobs-000"), _policy("rules", *rules, limits=one)])


def _policy(name: str, *rules: world.Object, limits: world.Object | None = None) -> world.Object:
    most = {"maxReplicasPerPool": 40, "maxConcurrency": 64, "maxInFlight": 64, "maxPriority": 10, "maxRetries": 9}
    spec = {
        "action": "Deny",
        "match": {"kinds": ["WorkerPool"]},
        "limits": most if limits is None else limits,
        "rules": list(rules),
    }
    metadata = {"name": name, "namespace": world.HOME, "uid": f"uid-{name}", "generation": 1}
    return {"apiVersion": f"{world.GROUP}/v1", "kind": "Policy", "metadata": metadata, "spec": spec}


def _rule(number: int, expression: str) -> world.Object:
    return {"name": f"rule-{number}", "expression": expression, "message": "no", "kinds": ["WorkerPool"]}


def _deciding(snapshot: MemorySnapshot) -> float:
    """Seconds of one decision; the least of many short runs, for others use the machine as well."""
    obj = world.pool(world.HOME, "jobs-000")
    size = len(json.dumps(obj))
    facts = Facts("WorkerPool", Operation.CREATE, obj, None, snapshot, NOW, final=True, size=size)
    assert not decide(facts).violations
    return _least(lambda: decide(facts))


def _least(call: Callable[[], Any], times: int = 4, runs: int = 1000) -> float:
    least = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(times):
            call()
        least = min(least, (time.perf_counter() - began) / times)
    return least


if __name__ == "__main__":
    main()
