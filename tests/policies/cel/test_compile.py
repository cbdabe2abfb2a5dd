"""What the author of a rule is told when it is applied."""

from __future__ import annotations

import pytest

from policies.cel.celcpp import CelCpp
from policies.cel.engine import CompileError, Returns

ENGINE = CelCpp()


def told(expression: str, kind: str = "WorkerPool", returns: Returns = Returns.VERDICT) -> list[str]:
    """The problems of an expression; empty when it is a rule."""
    try:
        ENGINE.compile(expression, kind, returns)
    except CompileError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.scaling.maxReplicas <= 20",
        "object.spec.template.spec.containers.all(c, c.image.startsWith('registry.acme.io/'))",
        "object.spec.template.spec.volumes.all(v, !has(v.hostPath))",
        "object.spec.queues.exists(q, q.name == 'orders') && object.spec.queues.map(q, q.name).join(',') != ''",
        "'team' in object.metadata.labels && object.metadata.labels['team'] == namespaceObject.metadata.labels['team']",
        "oldObject == null || object.spec.concurrency >= oldObject.spec.concurrency",
        "request.userInfo.groups.exists(group, group == 'platform') || request.operation != 'DELETE'",
        "queues.all(queue, queue.queueName.startsWith(object.metadata.namespace + '-'))",
        "duration(effective.drain.timeout) <= duration('1h')",
        "quantity(object.spec.resources.limits.memory).isLessThan(quantity('8Gi'))",
        "object.spec.?hold.replicas.orValue(0) < 5",
        "cel.bind(most, object.spec.scaling.maxReplicas, most % 2 == 0 && most > 2)",
        "object.spec.queues.all(i, queue, i < 10 && queue.name != '')",
        "object.metadata.annotations.all(key, object.metadata.annotations[key].size() < 1024)",
        "object.spec.version.matches('^v[0-9]+$')",
        "timestamp(object.spec.hold.until) < timestamp('2030-01-01T00:00:00Z')",
        "math.greatest(object.spec.concurrency, 4) < 32",
        "object.spec.env.filter(e, e.name.startsWith('AWS_')).size() < 3",
    ],
)
def test_what_a_rule_can_say(expression: str) -> None:
    assert told(expression) == []


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        pytest.param(
            "object.spec.scaling.maxReplica <= 20",
            "line 1, column 21: WorkerPool.spec.scaling has no field maxReplica; did you mean maxReplicas?",
            id="a field that is not there names the nearest",
        ),
        pytest.param(
            "object.spec.queues.all(q,\n  q.nam != '')",
            "line 2, column 5: WorkerPool.spec.queues has no field nam; did you mean name?",
            id="a field of a list's entry, on the second line",
        ),
        pytest.param(
            "object.spec.template.spec.containers.all(c, c.imge != '')",
            "line 1, column 47: WorkerPool.spec.template.spec.containers has no field imge; did you mean image?",
            id="a field of the pod template",
        ),
        pytest.param(
            "objct.spec.concurrency > 1",
            "line 1, column 1: there is no variable or function objct; did you mean object?",
            id="a variable that is not there",
        ),
        pytest.param(
            "object.spec.image.sizee() > 1",
            "line 1, column 19: there is no variable or function sizee; did you mean size?",
            id="a function that is not there",
        ),
        pytest.param(
            "object.spec.concurrency > '3'",
            "line 1, column 25: > cannot be applied to (int, string)",
            id="a number compared with text",
        ),
        pytest.param(
            "quantity('1Gi') < quantity('2Gi')",
            "line 1, column 17: < cannot be applied to (kubernetes.Quantity, kubernetes.Quantity)",
            id="quantities have methods",
        ),
        pytest.param(
            "object.spec.concurrency",
            "line 1, column 1: gives int, must give true or false",
            id="a value where a verdict is wanted",
        ),
        pytest.param(
            "(object.spec.concurrency > 1",
            "line 1, column 29: Syntax error: missing ')' at '<EOF>'",
            id="a bracket that is not closed",
        ),
        pytest.param(
            "object" + ".spec" * 100, "line 1, column 1: is nested more than 32 deep", id="a path without end"
        ),
        pytest.param(
            "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
            "line 1, column 22: cel.@mapInsert is not available in rules",
            id="a function whose cost is not known",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(expression: str, want: str) -> None:
    assert told(expression) == [want]


def test_a_message_is_text() -> None:
    assert told("'at most ' + string(object.spec.concurrency)", returns=Returns.MESSAGE) == []
    assert told("object.spec.concurrency > 3", returns=Returns.MESSAGE) == [
        "line 1, column 1: gives bool, must give text"
    ]


def test_a_field_of_another_kind() -> None:
    assert told("object.spec.scaling.maxReplicas > 3", "Queue") == [
        "line 1, column 13: Queue.spec has no field scaling"
    ]


def test_only_what_is_looked_at_is_read() -> None:
    program = ENGINE.compile(
        "has(object.spec.hold) ? object.spec.queues.all(q, q.weight != effective.priority) : oldObject == null",
        "WorkerPool",
        Returns.VERDICT,
    )
    assert {".".join(path) for path in program.reads} == {
        "object.spec.hold",
        "object.spec.queues",
        "effective.priority",
        "oldObject",
    }
