"""What a rule may cost, and that no rule that was let in costs more on the largest object there can be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.cel.test_compile import told

ROOT = Path(__file__).parents[3]
TEN = "'aaaaaaaaaa'"
NUMBERS = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]"

HOSTILE = {
    "2 GB from eight replaces": TEN + f".replace('a', {TEN})" * 8 + ".size() > 3",
    "the same in a variable": f"cel.bind(x, {TEN + f'.replace({chr(39)}a{chr(39)}, {TEN})' * 7}, x + x + x != '')",
    "loops in loops in loops": f"{NUMBERS}.all(a, {NUMBERS}.all(b, {NUMBERS}.all(c, a + b + c > 0)))",
    "a list of ten million": "lists.range(10000000).size() > 3",
    "a list as long as the object says": "lists.range(object.spec.concurrency).size() > 3",
    "collecting one by one": "lists.range(9999).map(x, x).size() > 3",
    "collecting all annotations": "object.metadata.annotations.map(key, key + 'x').size() > 3",
    "joining by a long text": "object.spec.args.join(object.metadata.annotations['long']).size() > 3",
    "replacing by a long text": "object.metadata.annotations['a'].replace('', object.metadata.annotations['b']) != ''",
    "printing in a loop": "object.metadata.annotations.all(a, object.spec.env.all(e, '%s'.format([object]) != ''))",
    "adding in a loop": "object.metadata.annotations.all(a, object.metadata.annotations['x'] + a != '')",
    "sorting what was collected": "object.spec.env.map(e, e.name).distinct().size() == object.spec.env.size()",
    "a pattern made anew in every round": "object.spec.env.all(e, object.spec.image.matches(e.name))",
    "all with all": "sets.intersects(object.spec.env.map(e, e.name), object.spec.env.map(e, e.value))",
    "splitting all there is into letters": "object.metadata.annotations['a'].split('').map(letter, letter).size() > 3",
    "comparing large things in loops": "object.spec.env.all(e, object.spec.env.all(f, object == oldObject))",
}

COSTLY = [
    "object.metadata.annotations.all(key, object.metadata.annotations[key].contains('needle'))",
    "object.spec.env.filter(e, e.name.startsWith('A')).size() < 1000",
    "object.spec.template.spec.containers.all(c, c.env.all(e, e.name.lowerAscii() != 'x'))",
    "object.spec.image.split('').size() >= 0 && object.spec.image.split('a').join('b') != 'c'",
    "object.metadata.annotations['long'].replace('a', 'bb').size() >= 0",
    "object == object && oldObject == null",
    "'%s'.format([object.metadata.annotations['long']]).size() >= 0",
    "object.metadata.annotations.exists(a, a.upperAscii().reverse() == '')",
    "object.metadata.annotations['long'].matches('(a+)+$')",
    "object.metadata.labels.all(k, object.metadata.labels.exists(l, l != k))",
]


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_rule_that_could_cost_more_is_refused(expression: str) -> None:
    (problem,) = told(expression)
    assert any(words in problem for words in ("could take", "could make", "needs a constant")), problem


@pytest.mark.parametrize("expression", COSTLY)
def test_a_rule_about_everything_is_let_in(expression: str) -> None:
    assert told(expression) == []


PROGRAM = """
import json, resource, sys
from datetime import UTC, datetime
from policies import Facts, MemorySnapshot, Operation, decide

def largest():
    room = 250 * 1024
    for many in (1, 10_000 // 4):
        yield {"annotations": {"long": "a" * (room - 2000), **{f"k{n}": "" for n in range(20)}}}, {}
        yield {"annotations": {"long": "", **{f"key-{n}": "value" for n in range(9000)}}}, {}
        yield {"annotations": {"long": "a"}}, {"env": [{"name": f"A{n}", "value": "v" * 300} for n in range(500)]}
        yield {"annotations": {"long": "a"}, "labels": {f"k{n}": "v" for n in range(9000)}}, {}
        yield {"annotations": {"long": "a"}}, {"template": {"spec": {"containers": [
            {"name": f"c{n}", "env": [{"name": "x"} for _ in range(many)]} for n in range(10_000 // many // 4)]}}}

expressions = json.loads(sys.argv[1])
spec = {"action": "Audit", "rules": [
    {"name": f"r{n}", "expression": expression, "message": "no"} for n, expression in enumerate(expressions)]}
policy = {"kind": "ClusterPolicy", "metadata": {"name": "p"},
          "spec": {**spec, "match": {"kinds": ["WorkerPool"], "namespaceSelector": {}}}}
world = MemorySnapshot.of([policy])

def ask(metadata, more):
    obj = {"apiVersion": "work.headgate.dev/v1", "kind": "WorkerPool",
           "metadata": {"name": "p", "namespace": "n", "labels": {}, **metadata},
           "spec": {"queues": [{"name": "q"}], "image": "a/b:1", "scaling": {"maxReplicas": 3}, **more}}
    if "template" in more:
        del obj["spec"]["image"]
    decide(Facts("WorkerPool", Operation.CREATE, obj, None, world, datetime(2026, 1, 1, tzinfo=UTC)))

ask({"annotations": {"long": ""}}, {})
used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
address = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (address + 256 * 2**20,) * 2)
worlds = list(largest())
resource.setrlimit(resource.RLIMIT_CPU, (int(used + 2 + 0.25 * len(worlds) * len(expressions)),) * 2)
for metadata, more in worlds:
    ask(metadata, more)
print("asked", len(expressions), "rules about", len(worlds), "objects")
"""


def test_rules_that_were_let_in_keep_to_their_budget_on_the_largest_objects() -> None:
    """The process may grow by 256 MiB and take a quarter of a second for a rule; beyond that the kernel ends it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(COSTLY)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    assert done.stdout.startswith(f"asked {len(COSTLY)} rules")
