"""What users are told about one object, in the words they read in kubectl."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

import crds
from crds import meta
from crds.compiling import root
from crds.findings import ABSENT
from crds.judgement import Judgement
from crds.rules import KEY, Rule
from crds.schema import structural
from tests.crds.objects import Object, cluster_policy, exemption, policy, pool, pool_from_template, queue, redis
from tests.crds.test_schema import nodes

WORKER: Final = {"name": "worker", "image": "resize:2"}
SECRET: Final = {"connectionSecretRef": {"name": "r"}}
RULE: Final = {"name": "two", "expression": "true"}


def scaling(**fields: Any) -> Object:
    return pool(scaling={"maxReplicas": 10} | fields)


CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
NEW: Final = (
    pytest.param(queue(broker=None), ["spec.broker: Required value: must be set"], id="a Queue needs a broker"),
    pytest.param(
        queue(broker=redis(layout="Lst")),
        [
            'spec.broker.redis.layout: Unsupported value: "Lst": must be one of '
            "List, Stream, Celery, RQ, BullMQ, Sidekiq, Asynq, GoRedisWorkQueue"
        ],
        id="a layout that does not exist",
    ),
    pytest.param(
        queue(broker={}),
        ["spec.broker: Invalid value: set exactly one of redis, rabbitmq, kafka and prometheus"],
        id="no kind of broker",
    ),
    pytest.param(
        queue(broker=SECRET | redis() | {"rabbitmq": {}}),
        ["spec.broker: Invalid value: set exactly one of redis, rabbitmq, kafka and prometheus"],
        id="two kinds of broker",
    ),
    pytest.param(
        queue(broker=redis() | {"type": "Kafka"}),
        ['spec.broker.type: Invalid value: "Kafka": names another kind of broker than the one that is set'],
        id="a type that is not the broker's",
    ),
    pytest.param(
        queue(broker={"redis": {"layout": "List"}}),
        ["spec.broker.connectionSecretRef: Required value: say where the broker is: set connectionSecretRef or a url"],
        id="a broker without an address",
    ),
    pytest.param(
        queue(broker=redis(url="redis://:secret@redis:6379/0")),
        [
            'spec.broker.redis.url: Invalid value: "redis://***@redis:6379/0": '
            "must be redis://host:port/database or rediss://..., without user and password"
        ],
        id="a password in the URL",
    ),
    pytest.param(
        queue(broker=redis(cluster={"addresses": ["a:6379"]})),
        ["spec.broker.redis: Invalid value: set at most one of url, sentinel and cluster"],
        id="two addresses",
    ),
    pytest.param(
        queue(broker=redis(consumerGroup="g", visibilityTimeout="1h")),
        [
            'spec.broker.redis.consumerGroup: Forbidden: "g": has a meaning for the layout Stream only',
            'spec.broker.redis.visibilityTimeout: Forbidden: "1h": has a meaning for the layout Celery only',
        ],
        id="fields of other layouts",
    ),
    pytest.param(
        queue(broker=redis(layout="Stream", processingKey="p")),
        ['spec.broker.redis.processingKey: Forbidden: "p": has a meaning for the layout List only'],
        id="a processing key for a stream",
    ),
    pytest.param(
        queue(broker=redis() | {"tls": {"insecureSkipVerify": True, "caSecretRef": {"name": "a", "key": "ca.crt"}}}),
        [
            "spec.broker.tls.insecureSkipVerify: Invalid value: true: "
            "checks nothing, so caSecretRef would have no effect: set one of the two"
        ],
        id="an authority that nobody asks",
    ),
    pytest.param(
        queue(priorities=["high", "high"]),
        ["spec.priorities: Duplicate value: names a priority twice"],
        id="a priority twice",
    ),
    pytest.param(
        queue(priorities=["high"], broker=redis(layout="Celery")),
        ["spec.priorities: Forbidden: only the Redis layouts List, Stream and GoRedisWorkQueue have priorities"],
        id="priorities for a layout without",
    ),
    pytest.param(
        queue(deletionPolicy="Purge", deadLetter={"deletionPolicy": "Purge"}),
        [
            'spec.deletionPolicy: Invalid value: "Purge": '
            "Purge deletes jobs at the broker, which needs management Manage",
            'spec.deadLetter.deletionPolicy: Invalid value: "Purge": '
            "Purge deletes jobs at the broker, which needs management Manage",
        ],
        id="a purge under Observe",
    ),
    pytest.param(
        queue("orders", deadLetter={"queueName": "orders"}),
        [
            'spec.deadLetter.queueName: Invalid value: "orders": '
            "is the queue itself: dead letters would be tried for ever"
        ],
        id="dead letters that come back",
    ),
    pytest.param(
        queue(rateLimit={"jobs": 0, "per": "0s"}),
        [
            "spec.rateLimit.jobs: Invalid value: 0: at least 1",
            'spec.rateLimit.per: Invalid value: "0s": must be longer than 0s',
        ],
        id="a rate of nothing",
    ),
    pytest.param(
        queue(retry={"backoff": {"initial": "2m", "max": "1m", "multiplier": "0.5"}}),
        [
            'spec.retry.backoff.multiplier: Invalid value: "0.5": must be between 1 and 10',
            'spec.retry.backoff.initial: Invalid value: "2m": must not be longer than max, 1m',
        ],
        id="a back-off that shrinks",
    ),
    pytest.param(
        queue(maxJobDuration="90"),
        ['spec.maxJobDuration: Invalid value: "90": must be a duration such as 90s, 1h30m or 250ms'],
        id="a duration without a unit",
    ),
    pytest.param(
        pool(image=None),
        ["spec.image: Invalid value: set exactly one of image and template"],
        id="neither image nor template",
    ),
    pytest.param(
        pool(template={"spec": {"containers": [{"name": "worker"}]}}),
        [
            'spec.image: Invalid value: "registry.acme.io/media/resize:2.4.1": set exactly one of image and template',
            "spec.template.spec.containers: Required value: must have a container named worker with an image",
        ],
        id="both image and template",
    ),
    pytest.param(
        pool_from_template({"name": "main", "image": "a"}),
        ["spec.template.spec.containers: Required value: must have a container named worker with an image"],
        id="a template without our container",
    ),
    pytest.param(
        pool_from_template(
            WORKER | {"command": [], "args": [], "env": [], "envFrom": [], "resources": {}},
            command=["a"],
            args=["a"],
            env=[],
            envFrom=[],
            resources={},
        ),
        [
            f"spec.{field}: Duplicate value: is set by the template's container worker too: set it once"
            for field in ("command", "args", "env", "envFrom", "resources")
        ],
        id="everything set twice",
    ),
    pytest.param(
        pool_from_template(WORKER, {"image": "a"}, pod={"nodeSelector": {"gpu": True}}),
        [
            "spec.template.spec.containers[1].name: Required value: must be set",
            "spec.template.spec.nodeSelector[gpu]: Invalid value: true: must be text",
        ],
        id="a pod template with mistakes of its own",
    ),
    pytest.param(
        pool(queues=[{"name": "a"}, {"name": "a", "weight": 0}, {"name": "Not A Name"}]),
        [
            "spec.queues[1].weight: Invalid value: 0: at least 1",
            'spec.queues[1]: Duplicate value: {"name": "a"}: is in the list already',
            'spec.queues[2].name: Invalid value: "Not A Name": '
            "must be lower case letters, digits and -, beginning and ending with a letter or digit",
        ],
        id="queues twice and misnamed",
    ),
    pytest.param(pool(queues=[]), ["spec.queues: Invalid value: []: must have at least 1 entry"], id="no queue at all"),
    pytest.param(
        pool(queues=[{"name": f"q{index}"} for index in range(51)]),
        ["spec.queues: Too many: 51 entries, at most 50"],
        id="too many queues",
    ),
    pytest.param(
        pool(concurrency=10, maxInFlight=5),
        ["spec.maxInFlight: Invalid value: 5: must be at least concurrency, 10"],
        id="fewer jobs held than run",
    ),
    pytest.param(
        pool(workload={"volumeClaimTemplates": []}),
        [
            "spec.workload.volumeClaimTemplates: Forbidden: "
            "only the workload type StatefulSet has a volume for each replica"
        ],
        id="volumes of their own for a Deployment",
    ),
    pytest.param(
        pool(workload={"type": "StatefulSet"}, takeOver={"deploymentName": "old"}),
        [
            "spec.takeOver: Forbidden: "
            "a StatefulSet has no room beside a Deployment: only the workload type Deployment takes one over"
        ],
        id="a StatefulSet in place of a Deployment",
    ),
    pytest.param(
        pool(workload={"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}),
        [
            "spec.workload.persistentVolumeClaimRetentionPolicy: Forbidden: "
            "only the workload type StatefulSet has a volume for each replica"
        ],
        id="a fate for volumes that a Deployment does not have",
    ),
    pytest.param(
        scaling(minReplicas=11, fallback={"replicas": 12}),
        [
            "spec.scaling.minReplicas: Invalid value: 11: must not be more than maxReplicas, 10",
            "spec.scaling.fallback.replicas: Invalid value: 12: must not be more than maxReplicas, 10",
        ],
        id="more than maxReplicas",
    ),
    pytest.param(
        scaling(schedules=[{"name": "a", "schedule": "@daily", "duration": "1h", "minReplicas": 11}]),
        ["spec.scaling.schedules: Invalid value: no schedule may ask for more than maxReplicas, 10"],
        id="a schedule beyond maxReplicas",
    ),
    pytest.param(
        scaling(maxReplicas=1001),
        ["spec.scaling.maxReplicas: Invalid value: 1001: at most 1000"],
        id="too many replicas",
    ),
    pytest.param(
        scaling(maxReplicas="20"),
        ['spec.scaling.maxReplicas: Invalid value: "20": must be an integer'],
        id="text for a number",
    ),
    pytest.param(
        pool(hold={"until": "tomorrow"}),
        [
            "spec.hold.replicas: Required value: must be set",
            'spec.hold.until: Invalid value: "tomorrow": must be a time such as 2027-01-31T00:00:00Z',
        ],
        id="a hold without a number",
    ),
    pytest.param(
        pool(hold={"replicas": 1, "until": "2027-02-29T00:00:00Z"}),
        ['spec.hold.until: Invalid value: "2027-02-29T00:00:00Z": there is no such day or time'],
        id="a day that is not in the calendar",
    ),
    pytest.param(
        pool(rollout={"maxSurge": "0%", "maxUnavailable": 0}),
        [
            "spec.rollout.maxUnavailable: Invalid value: 0: "
            "must not be 0 when maxSurge is 0: nothing could ever be replaced"
        ],
        id="a rollout that cannot move",
    ),
    pytest.param(
        pool("a" * 53), [f'metadata.name: Too long: "{"a" * 53}": 53 characters, at most 52'], id="too long a name"
    ),
    pytest.param(
        pool() | {"metadata": {"name": "a", "labels": {"team": "the a team", "a b": ""}}},
        [
            'metadata.labels[team]: Invalid value: "the a team": '
            "at most 63 letters, digits, -, _ and ., beginning and ending with one",
            "metadata.labels[a b]: Invalid value: the key must be a name of at most 63 characters, or domain/name",
        ],
        id="labels the API server would refuse later",
    ),
    pytest.param(
        policy(action="Block", limits={"minDrainTimeout": "1h", "maxDrainTimeout": "1m"}),
        [
            'spec.action: Unsupported value: "Block": must be one of Deny, Warn, Audit',
            'spec.limits.minDrainTimeout: Invalid value: "1h": must not be longer than maxDrainTimeout, 1m',
        ],
        id="limits that leave nothing",
    ),
    pytest.param(
        cluster_policy(match={"kinds": ["WorkerPool"]}),
        ["spec.match.namespaceSelector: Required value: must be set"],
        id="a ClusterPolicy that names no namespaces",
    ),
    pytest.param(
        policy(rules=[RULE, RULE | {"name": "b", "message": "m", "messageExpression": "'m'"}]),
        [
            "spec.rules[0].message: Invalid value: set exactly one of message and messageExpression",
            'spec.rules[1].message: Invalid value: "m": set exactly one of message and messageExpression',
        ],
        id="a rule with no message, and one with two",
    ),
    pytest.param(
        policy(exemptions=[exemption(reason="because", subjects=[{"kind": "ServiceAccount", "name": "ci"}])]),
        [
            'spec.exemptions[0].reason: Invalid value: "because": at least 10 characters',
            "spec.exemptions[0].subjects[0].namespace: Invalid value: "
            "a ServiceAccount needs its namespace, users and groups have none",
        ],
        id="an exemption without a reason",
    ),
    pytest.param(
        policy(match={"labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
        [
            "spec.match.labelSelector.matchExpressions[0].values: Invalid value: "
            "In and NotIn need values, Exists and DoesNotExist take none"
        ],
        id="a selector without values",
    ),
    pytest.param(
        policy(allowedImages=["nginx"]),
        [
            'spec.allowedImages[0]: Invalid value: "nginx": '
            "must name a registry and end it with /, such as registry.example.com/team/"
        ],
        id="an image prefix without a registry",
    ),
)

CHANGED: Final = (
    pytest.param(queue(), queue(queueName="thumbnails"), [], id="the name it had anyway may be written down"),
    pytest.param(
        queue(),
        queue(queueName="thumbs"),
        ['spec.queueName: Forbidden: "thumbs": the name at the broker cannot be changed: make a new Queue'],
        id="a name that was the object's",
    ),
    pytest.param(
        queue(queueName="thumbs"),
        queue(),
        ["spec.queueName: Forbidden: the name at the broker cannot be changed: make a new Queue"],
        id="a name is taken away",
    ),
    pytest.param(
        queue(broker=SECRET | redis()),
        queue(broker=SECRET | {"rabbitmq": {}}),
        ["spec.broker: Forbidden: the kind of broker cannot be changed: make a new Queue"],
        id="another kind of broker",
    ),
    pytest.param(
        queue(),
        queue(broker=redis(layout="Stream", keyPrefix="a:", url="redis://other:6379")),
        [
            'spec.broker.redis.layout: Forbidden: "Stream": cannot be changed: make a new Queue',
            'spec.broker.redis.keyPrefix: Forbidden: "a:": cannot be changed: make a new Queue',
        ],
        id="another layout and prefix; the address may change",
    ),
    pytest.param(
        queue(broker=SECRET | {"rabbitmq": {}}),
        queue(broker=SECRET | {"rabbitmq": {"vhost": "/"}}),
        [],
        id="the virtual host that was meant anyway",
    ),
    pytest.param(
        queue(broker=SECRET | {"rabbitmq": {}}),
        queue(broker=SECRET | {"rabbitmq": {"vhost": "/shop"}}),
        ['spec.broker.rabbitmq.vhost: Forbidden: "/shop": cannot be changed: make a new Queue'],
        id="another virtual host",
    ),
    pytest.param(
        queue(broker={"kafka": {"bootstrapServers": ["a:1"], "topic": "a", "consumerGroup": "a"}}),
        queue(broker={"kafka": {"bootstrapServers": ["b:1"], "topic": "b", "consumerGroup": "b"}}),
        [
            'spec.broker.kafka.topic: Forbidden: "b": cannot be changed: make a new Queue',
            'spec.broker.kafka.consumerGroup: Forbidden: "b": cannot be changed: make a new Queue',
        ],
        id="another topic",
    ),
    pytest.param(
        pool(workload={}),
        pool(workload={"type": "StatefulSet"}),
        ['spec.workload.type: Forbidden: "StatefulSet": cannot be changed: make a new WorkerPool'],
        id="a Deployment becomes a StatefulSet",
    ),
    pytest.param(
        pool(workload={"type": "StatefulSet", "volumeClaimTemplates": [CLAIM]}),
        pool(workload={"type": "StatefulSet"}),
        [
            "spec.workload.volumeClaimTemplates: Forbidden: "
            "cannot be changed: make a new WorkerPool, or resize the claims themselves"
        ],
        id="other volumes for what runs already",
    ),
    pytest.param(
        scaling(maxReplicas=5000),
        scaling(maxReplicas=5000) | {"metadata": {"name": "thumbnails", "labels": {}}},
        [],
        id="what was wrong before and is not touched is tolerated",
    ),
    pytest.param(
        scaling(maxReplicas=5000),
        scaling(maxReplicas=5000, minReplicas=6000),
        [
            "spec.scaling.minReplicas: Invalid value: 6000: at most 1000",
            "spec.scaling.minReplicas: Invalid value: 6000: must not be more than maxReplicas, 5000",
        ],
        id="what is new is judged beside it",
    ),
)


def lines(findings: tuple[crds.Finding, ...]) -> list[str]:
    return [finding.line() for finding in findings]


@pytest.mark.parametrize(("obj", "want"), NEW)
def test_a_new_object(obj: Object, want: list[str]) -> None:
    assert lines(crds.validate(str(obj["kind"]), obj)) == want


@pytest.mark.parametrize(("old", "new", "want"), CHANGED)
def test_a_changed_object(old: Object, new: Object, want: list[str]) -> None:
    assert lines(crds.validate(str(new["kind"]), new, old)) == want


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(None, ["Invalid value: null: must be an object"], id="null"),
        pytest.param([], ["Invalid value: []: must be an object"], id="a list"),
        pytest.param(
            {},
            ["spec: Required value: must be set", "metadata.name: Required value: name or generateName must be set"],
            id="an empty object",
        ),
        pytest.param(
            {"metadata": {"generateName": "a-"}, "spec": "x"},
            ['spec: Invalid value: "x": must be an object'],
            id="a spec of text",
        ),
    ],
)
def test_no_object_at_all(obj: Any, want: list[str]) -> None:
    assert [line.removeprefix(": ") for line in lines(crds.validate("WorkerPool", obj))][: len(want)] == want


def test_a_stored_object_that_lacks_what_a_rule_reads() -> None:
    """Stored before the field was required; the rule fails, as its CEL does."""
    old = queue()
    del old["spec"]["broker"]["redis"]["layout"]

    assert lines(crds.validate("Queue", queue(), old)) == [
        'spec.broker.redis.layout: Forbidden: "List": cannot be changed: make a new Queue'
    ]


def test_status_is_not_judged() -> None:
    assert crds.validate("Queue", queue() | {"status": {"waiting": "many"}}) == ()


def test_a_malformed_field_silences_only_the_rules_that_read_it() -> None:
    found = lines(
        crds.validate("WorkerPool", pool(concurrency="x", maxInFlight=1, scaling={"maxReplicas": 1, "minReplicas": 2}))
    )

    assert found == [
        'spec.concurrency: Invalid value: "x": must be an integer',
        "spec.scaling.minReplicas: Invalid value: 2: must not be more than maxReplicas, 1",
    ]


def test_null_is_absent_and_a_whole_fraction_is_an_integer() -> None:
    assert crds.validate("WorkerPool", scaling(maxReplicas=10.0, minReplicas=None, wait=None)) == ()


def test_an_unknown_kind_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        crds.validate("Deployment", {})


def test_every_rule_is_broken_by_a_case_above() -> None:
    """A rule nobody breaks in these tables is a rule nobody has read the message of."""
    broken = {rule for case in NEW for rule in _broken(case.values[0], None)}
    broken |= {rule for case in CHANGED for rule in _broken(case.values[1], case.values[0])}

    declared = [rule for kind in meta.KINDS for _, node in nodes(structural(kind.kind)) for rule in node.get(KEY, ())]

    assert [rule.cel for rule in declared if rule not in broken] == []


def _broken(obj: Any, old: Any) -> Iterator[Rule]:
    node, judgement = root(obj["kind"]), Judgement()
    node.check(node.decoded(obj), ABSENT if old is None else node.decoded(old), (), judgement)
    messages = {finding.message for finding in crds.validate(obj["kind"], obj, old)}
    yield from (rule for _, rule, value, _ in judgement.rules if rule.text(value) in messages)


@pytest.mark.parametrize("wrong", [True, 3, [], {}, "RabbitMQ"])
def test_what_was_stored_wrongly_and_stays_so_stops_no_other_finding(wrong: Any) -> None:
    """A rule reads it all the same, and has nothing to say of what is of no type it knows."""
    broker = redis() | {"type": wrong}
    old, new = queue(broker=broker), queue(broker=broker | SECRET, maxJobDuration="soon")
    assert "spec.maxJobDuration" in [finding.field for finding in crds.validate("Queue", new, old)]
