"""The built-in rules beyond schema and reserved names, in the words a user reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies import Facts, MemorySnapshot, Operation, User, decide
from policies.text import line
from tests.policies.objects import NOW, Object, facts, pool, queue


def told(new: Object, *world: Object, old: Object | None = None) -> list[str]:
    """Denials as bullets, then warnings as they are printed."""
    decision = decide(facts(new, *world, old=old))
    return [f"* {line(violation)}" for violation in decision.denied] + [
        warning for warning in decision.warnings if ": no effect: " not in warning
    ]


def celery(name: str = "reports", **spec: Any) -> Object:
    redis = {"url": "redis://redis.media.svc:6379/0", "layout": "Celery"}
    if timeout := spec.pop("visibilityTimeout", None):
        redis["visibilityTimeout"] = timeout
    return {**queue(name), "spec": {"broker": {"redis": redis}, **spec}}


def rabbitmq(name: str = "reports", **spec: Any) -> Object:
    return {**queue(name), "spec": {"broker": {"rabbitmq": {"url": "amqp://rabbit.media.svc"}}, **spec}}


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(
            celery(maxJobDuration="2h"),
            [
                "maxJobDuration 2h > visibilityTimeout 1h (Celery default): running jobs get delivered twice;"
                " raise it in Celery and here"
            ],
            id="a job longer than Celery's default",
        ),
        pytest.param(celery(maxJobDuration="2h", visibilityTimeout="3h"), [], id="a visibility timeout that is enough"),
        pytest.param(
            rabbitmq(maxJobDuration="31m"),
            [
                "maxJobDuration 31m > consumerTimeout 30m (RabbitMQ default): running jobs get delivered twice;"
                " raise it in RabbitMQ a..."
            ],
            id="a job longer than RabbitMQ waits",
        ),
        pytest.param(queue(maxJobDuration="48h"), [], id="a plain list never delivers twice"),
        pytest.param(
            queue(rateLimit={"jobs": 300, "per": "1m", "burst": 10}),
            ["burst 10 < jobs 300: workers that look rarely may stay below 300 per 1m"],
            id="a burst below the rate",
        ),
        pytest.param(
            queue(retention={"failed": "0s"}),
            ["failed 0s removes dead letters at once: nobody can look at them or bring them back"],
            id="dead letters that vanish at once",
        ),
    ],
)
def test_lints_of_a_queue(new: Object, want: list[str]) -> None:
    assert told(new) == want


TEMPLATE: Object = {"spec": {"containers": [{"name": "worker", "image": "registry.acme.io/resize:2.4.1"}]}}


VERSION = "app.kubernetes.io/version"


def templated(**spec: Any) -> Object:
    made = pool(template=spec.pop("template", TEMPLATE), **spec)
    del made["spec"]["image"]
    return made


@pytest.mark.parametrize(
    ("new", "world", "want"),
    [
        pytest.param(
            pool(queues=("reports",)),
            [celery(maxJobDuration="2h")],
            [
                "drain.timeout 2h1m > visibilityTimeout 1h (Celery default) of queue reports:"
                " draining jobs may be delivered twice"
            ],
            id="a drain longer than the broker waits",
        ),
        pytest.param(
            pool(drain={"timeout": "5m", "onTimeout": "Kill"}),
            [queue(maxJobDuration="1h")],
            ["drain.timeout 5m < maxJobDuration 1h of queue thumbnails: Kill ends such jobs"],
            id="a drain that kills before a job can end",
        ),
        pytest.param(pool(drain={"timeout": "5m"}), [queue(maxJobDuration="1h")], [], id="waiting harms nobody"),
        pytest.param(
            templated(template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 30}}),
            [queue()],
            ["terminationGracePeriodSeconds 30 < drain.timeout 10m: jobs on a node that goes get the shorter"],
            id="a grace period shorter than the drain",
        ),
        pytest.param(
            pool(version="2.4.0"),
            [queue()],
            ["version 2.4.0 is not the image's tag 2.4.1: dashboards and rollouts will show 2.4.0"],
            id="a version that is not the tag",
        ),
        pytest.param(pool(version="2.4.1"), [queue()], [], id="a version that is the tag"),
        pytest.param(
            templated(version="2.4.1", template={**TEMPLATE, "metadata": {"labels": {VERSION: "2.4.0"}}}),
            [queue()],
            [f"version 2.4.1 has no effect: the template's label {VERSION} says 2.4.0"],
            id="a version beside the template's own",
        ),
        pytest.param(pool(version="x", image="w@sha256:00"), [queue()], [], id="a digest has no tag"),
        pytest.param(
            pool(hold={"replicas": 1, "until": "2026-11-23T11:00:00Z"}),
            [queue()],
            ["spec.hold.until: is over since 2026-11-23T11:00:00Z, so the pool scales by itself"],
            id="a hold that is over",
        ),
        pytest.param(
            pool(workload={"type": "StatefulSet"}, rollout={"maxSurge": 1}),
            [queue()],
            [
                "spec.rollout.maxSurge: a StatefulSet has none: maxUnavailable, at least 1, says how many are"
                " replaced at a time"
            ],
            id="surge of a StatefulSet",
        ),
        pytest.param(pool(workload={"type": "StatefulSet"}), [queue()], [], id="a StatefulSet that inherits it"),
        pytest.param(
            templated(template={**TEMPLATE, "metadata": {"labels": {"app.kubernetes.io/instance": "x"}}}),
            [queue()],
            [
                "spec.template.metadata.labels[app.kubernetes.io/instance]: kept off the workers, which a GitOps tool"
                " would prune"
            ],
            id="a label by which Argo CD claims objects",
        ),
        pytest.param(
            pool("new", takeOver={"deploymentName": "old"}),
            [queue(), pool("first", takeOver={"deploymentName": "old"})],
            [
                '* spec.takeOver.deploymentName: Duplicate value: "old": WorkerPool first takes this Deployment over;'
                " two would scale it against each other"
            ],
            id="a Deployment taken over twice",
        ),
    ],
)
def test_lints_of_a_pool(new: Object, world: list[Object], want: list[str]) -> None:
    assert told(new, *world) == want


def scheduled(**fields: Any) -> Object:
    schedule = {"name": "day", "schedule": "0 8 * * 1-5", "duration": "1h", "minReplicas": 1, **fields}
    return pool(scaling={"maxReplicas": 10, "schedules": [schedule]})


@pytest.mark.parametrize(
    ("new", "want"),
    [
        pytest.param(scheduled(timeZone="Europe/Berlin"), [], id="one that can be kept"),
        pytest.param(scheduled(schedule="@daily"), [], id="a word for one"),
        pytest.param(
            scheduled(schedule="0 25 * * *"),
            ['* spec.scaling.schedules[0].schedule: Invalid value: "0 25 * * *": hour: 25 is not within 0 to 23'],
            id="an hour there is not",
        ),
        pytest.param(
            scheduled(schedule="0 8 30 feb *"),
            [
                '* spec.scaling.schedules[0].schedule: Invalid value: "0 8 30 feb *": none of these months has such a'
                " day, so it would never begin"
            ],
            id="a day there is not",
        ),
        pytest.param(
            scheduled(schedule="@reboot"),
            [
                '* spec.scaling.schedules[0].schedule: Invalid value: "@reboot": must be five cron fields such as'
                ' "0 8 * * 1-5", or @daily and the like'
            ],
            id="no schedule at all, told once",
        ),
        pytest.param(
            scheduled(timeZone="Europe/Berlni"),
            [
                '* spec.scaling.schedules[0].timeZone: Invalid value: "Europe/Berlni": no such time zone;'
                ' did you mean "Europe/Berlin"?'
            ],
            id="a zone there is not",
        ),
    ],
)
def test_schedules_are_times_that_exist(new: Object, want: list[str]) -> None:
    assert [one for one in told(new, queue()) if one.startswith("*")] == want


@pytest.mark.parametrize(
    ("user", "want_allowed"),
    [
        ("alice", True),
        ("system:serviceaccount:kube-system:horizontal-pod-autoscaler", False),
        ("system:kube-controller-manager", False),
        ("system:serviceaccount:media:horizontal-pod-autoscaler", True),
    ],
)
def test_a_second_autoscaler_is_refused_at_scale(user: str, want_allowed: bool) -> None:
    asked = facts(pool(hold={"replicas": 3}), queue(), old=pool(), subresource="scale")
    decision = decide(replace(asked, user=User(user)))
    assert decision.allowed is want_allowed
    assert all(violation.who_may for violation in decision.denied)
    assert decide(replace(asked, user=User(user), subresource="")).allowed, "only /scale is about autoscalers"


def test_two_queues_of_a_namespace_are_not_the_same_jobs() -> None:
    first = queue("first", queueName="jobs")
    assert told(queue("second", queueName="jobs"), first) == [
        '* spec.queueName: Duplicate value: "jobs": Queue first is these jobs already; each would count and limit them'
        " by itself"
    ]
    assert told(queue("jobs"), first)[0].startswith('* metadata.name: Duplicate value: "jobs"')
    assert told(queue("first", queueName="jobs"), first) == [], "itself is no other"
    assert told(queue("second", queueName="Jobs"), first) == [], "brokers tell upper and lower case apart"
    assert told(queue("second", layout="Stream", queueName="jobs"), first) == [], "another layout has other keys"


@pytest.mark.parametrize(
    ("url", "want_same"),
    [
        ("redis://redis.media.svc", True),
        ("rediss://REDIS.media.svc.:6379/0", True),
        ("redis://redis.media.svc/1", False),
        ("redis://redis.media.svc:6380", False),
        ("redis://redis:6379/0", True),
    ],
)
def test_a_broker_is_known_by_host_port_and_database(url: str, want_same: bool) -> None:
    second = queue("second", queueName="jobs")
    second["spec"]["broker"]["redis"]["url"] = url
    assert bool(told(second, queue("first", queueName="jobs"))) is want_same


def test_the_same_jobs_in_another_namespace_are_warned_about_without_a_name() -> None:
    elsewhere = queue("secret-project", queueName="jobs", metadata={"namespace": "bi"})
    found = told(queue(queueName="jobs"), elsewhere)
    assert found == [
        "spec.queueName: a Queue of another namespace is these jobs too: each counts and limits them by itself"
    ]


def dead(name: str, to: str) -> Object:
    return queue(name, deadLetter={"queueName": to})


@pytest.mark.parametrize(
    ("new", "world", "want"),
    [
        pytest.param(dead("a", "b"), [queue("b")], [], id="a pool may work a dead-letter queue off"),
        pytest.param(
            dead("a", "b"),
            [dead("b", "a")],
            ['* spec.deadLetter.queueName: Invalid value: "b": dead letters would go round for ever: a -> b -> a'],
            id="two that send to each other",
        ),
        pytest.param(
            dead("a", "b"),
            [dead("b", "c"), dead("c", "a")],
            ['* spec.deadLetter.queueName: Invalid value: "b": dead letters would go round for ever: a -> b -> c -> a'],
            id="three in a circle",
        ),
        pytest.param(dead("a", "b"), [dead("b", "c"), dead("c", "b")], [], id="a circle of others is theirs"),
    ],
)
def test_dead_letters_do_not_go_round(new: Object, world: list[Object], want: list[str]) -> None:
    assert told(new, *world) == want


def test_an_old_duplicate_never_blocks_another_edit() -> None:
    world = (queue("first", queueName="jobs"), queue("second", queueName="jobs"))
    edited = queue("second", queueName="jobs", paused=True)
    assert told(edited, *world, old=queue("second", queueName="jobs")) == []


def deletion(old: Object, *world: Object) -> list[str]:
    asked = Facts(old["kind"], Operation.DELETE, None, old, MemorySnapshot.of((old, *world)), NOW)
    return [line(violation) for violation in decide(asked).denied]


@pytest.mark.parametrize(
    ("old", "world", "want"),
    [
        pytest.param(queue(), [], [], id="a queue nobody uses"),
        pytest.param(
            queue(),
            [pool("a"), pool("b")],
            ["metadata.name: Forbidden: WorkerPool a, b take jobs from it: change or delete what uses it first"],
            id="a queue in use",
        ),
        pytest.param(queue(), [pool("a", metadata={"deletionTimestamp": "x"})], [], id="by a pool that is leaving"),
        pytest.param(queue(), [pool("a", queues=("other",))], [], id="by nobody"),
        pytest.param(queue(deletionPolicy="Drain"), [pool("a")], [], id="Drain needs its pools"),
        pytest.param(
            {**queue(management="Manage", deadLetter={"queueName": "d"}), "status": {"deadLetters": 12}},
            [],
            [
                "spec.deadLetter.deletionPolicy: Forbidden: 12 dead letters left: bring them back or purge them first,"
                " or set deadLetter.deletionPolicy to Retain"
            ],
            id="dead letters under Block",
        ),
        pytest.param(
            queue(deadLetter={"deletionPolicy": "Block"}),
            [],
            [
                "spec.deadLetter.deletionPolicy: Forbidden: nobody knows how many dead letters are left: bring them"
                " back or purge them first, or set deadLetter.deletionPolicy to Retain"
            ],
            id="unknown is not zero",
        ),
        pytest.param(
            {**queue(deadLetter={"deletionPolicy": "Block"}), "status": {"deadLetters": 0}}, [], [], id="none left"
        ),
        pytest.param({**queue(), "status": {"deadLetters": 3}}, [], [], id="Retain keeps them at the broker"),
        pytest.param(pool(), [queue()], [], id="a pool may always go"),
    ],
)
def test_deletions(old: Object, world: list[Object], want: list[str]) -> None:
    assert deletion(old, *world) == want


def test_what_is_leaving_already_is_not_judged_again() -> None:
    assert deletion(queue(metadata={"deletionTimestamp": "2026-11-23T12:00:00Z"}), pool("a")) == []
