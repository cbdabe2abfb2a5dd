"""Every limit and list of a policy, in the words a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from policies import decide
from policies.text import line
from tests.policies.objects import Object, cluster_policy, facts, policy, pool, queue

BY = "Policy limits"


def denials(new: Object, *world: Object, old: Object | None = None) -> list[str]:
    return [line(violation) for violation in decide(facts(new, *world, old=old)).denied]


@pytest.mark.parametrize(
    ("limits", "spec", "want"),
    [
        pytest.param({"maxConcurrency": 8}, {"concurrency": 8}, [], id="concurrency at the limit"),
        pytest.param(
            {"maxConcurrency": 8},
            {"concurrency": 9},
            [f"spec.concurrency: Invalid value: 9: at most 8 ({BY}, limits.maxConcurrency)"],
            id="concurrency above it",
        ),
        pytest.param(
            {"maxInFlight": 8},
            {"concurrency": 9},
            [f'spec.maxInFlight: Invalid value: "9, the built-in value": at most 8 ({BY}, limits.maxInFlight)'],
            id="without maxInFlight the concurrency counts",
        ),
        pytest.param(
            {"maxPriority": -1},
            {},
            ['spec.priority: Invalid value: "0, the built-in value": at most -1 (Policy limits, limits.maxPriority)'],
            id="a priority nobody set is 0",
        ),
        pytest.param({"minDrainTimeout": "10m"}, {}, [], id="ten minutes are built in"),
        pytest.param(
            {"minDrainTimeout": "15m"},
            {"drain": {"timeout": "90s"}},
            [f'spec.drain.timeout: Invalid value: "90s": at least 15m ({BY}, limits.minDrainTimeout)'],
            id="too short a drain",
        ),
        pytest.param(
            {"maxDrainTimeout": "1h"},
            {"drain": {"timeout": "61m"}},
            [f'spec.drain.timeout: Invalid value: "61m": at most 1h ({BY}, limits.maxDrainTimeout)'],
            id="too long a drain",
        ),
        pytest.param(
            {"maxResourcesPerReplica": {"memory": "4Gi", "cpu": 2}},
            {"resources": {"limits": {"memory": "5Gi"}, "requests": {"cpu": "500m"}}},
            [
                'spec.resources: Invalid value: "5Gi memory": at most 4Gi memory in all containers of a replica'
                f" together ({BY}, limits.maxResourcesPerReplica)"
            ],
            id="one resource above its limit",
        ),
        pytest.param(
            {"maxResourcesPerReplica": {"memory": "4Gi"}},
            {"resources": {"requests": {"cpu": 1}}},
            [
                "spec.resources: Required value: say how much memory each container needs, at most 4Gi together"
                f" ({BY}, limits.maxResourcesPerReplica)"
            ],
            id="memory without a word is unbounded",
        ),
        pytest.param({"maxResourcesPerReplica": {"nvidia.com/gpu": 1}}, {}, [], id="no word of a device is none of it"),
    ],
)
def test_limits_of_a_pool(limits: dict[str, Any], spec: dict[str, Any], want: list[str]) -> None:
    assert denials(pool(**spec), queue(), policy(limits=limits)) == want


def test_an_inherited_drain_timeout_follows_the_longest_job() -> None:
    world = (queue(maxJobDuration="2h"), policy(limits={"maxDrainTimeout": "1h"}))
    assert denials(pool(), *world) == [
        'spec.drain.timeout: Invalid value: "2h1m, the built-in value": at most 1h (Policy limits,'
        " limits.maxDrainTimeout)"
    ]


@pytest.mark.parametrize(
    ("containers", "init", "want_denied"),
    [
        pytest.param(["1Gi", "1Gi"], [], False, id="two containers within"),
        pytest.param(["1Gi", "1100Mi"], [], True, id="two containers beyond it together"),
        pytest.param(["1Gi"], [("2Gi", None)], False, id="what runs first runs alone"),
        pytest.param(["1Gi"], [("2049Mi", None)], True, id="but not beyond the limit"),
        pytest.param(["1Gi"], [("1100Mi", "Always")], True, id="a sidecar that starts first stays beside the others"),
        pytest.param(["1Gi"], [("1Gi", "Always"), ("1100Mi", None)], True, id="what runs first, beside a sidecar"),
    ],
)
def test_resources_are_added_up_as_the_scheduler_does(
    containers: list[str], init: list[tuple[str, str | None]], want_denied: bool
) -> None:
    def container(name: str, memory: str, **more: Any) -> Object:
        return {"name": name, "image": "w", "resources": {"limits": {"memory": memory}}, **more}

    names = ("worker", "helper")
    pod = {
        "containers": [container(name, memory) for name, memory in zip(names, containers, strict=False)],
        "initContainers": [
            container(f"init{number}", memory, **({"restartPolicy": policy} if policy else {}))
            for number, (memory, policy) in enumerate(init)
        ],
    }
    made = pool(template={"spec": pod})
    del made["spec"]["image"]
    assert bool(denials(made, queue(), policy(limits={"maxResourcesPerReplica": {"memory": "2Gi"}}))) is want_denied


@pytest.mark.parametrize(
    ("limits", "spec", "want"),
    [
        pytest.param({"maxRetries": 5}, {"retry": {"maxRetries": 5}}, [], id="retries at the limit"),
        pytest.param(
            {"maxRetries": 2},
            {},
            [
                'spec.retry.maxRetries: Invalid value: "3, the built-in value": at most 2 (Policy limits,'
                " limits.maxRetries)"
            ],
            id="three retries are built in",
        ),
        pytest.param(
            {"maxBackoff": "1m"},
            {"retry": {"backoff": {"max": "90s"}}},
            [f'spec.retry.backoff.max: Invalid value: "90s": at most 1m ({BY}, limits.maxBackoff)'],
            id="too long a wait",
        ),
        pytest.param({"maxRetention": "24h"}, {}, [], id="what the library keeps is not bounded"),
        pytest.param(
            {"maxRetention": "24h"},
            {"retention": {"completed": "25h", "failed": "48h"}},
            [
                f'spec.retention.completed: Invalid value: "25h": at most 24h ({BY}, limits.maxRetention)',
                f'spec.retention.failed: Invalid value: "48h": at most 24h ({BY}, limits.maxRetention)',
            ],
            id="both kinds of retention",
        ),
    ],
)
def test_limits_of_a_queue(limits: dict[str, Any], spec: dict[str, Any], want: list[str]) -> None:
    assert denials(queue(**spec), policy(limits=limits)) == want


def test_an_inherited_value_above_another_policys_limit_says_where_it_comes_from() -> None:
    generous = cluster_policy(defaults={"retry": {"maxRetries": 9}})
    assert denials(queue(), generous, policy(limits={"maxRetries": 5})) == [
        'spec.retry.maxRetries: Invalid value: "9, inherited from ClusterPolicy guardrails": at most 5'
        " (Policy limits, limits.maxRetries)"
    ]


def test_pools_of_a_queue_are_counted() -> None:
    two = policy(limits={"maxPoolsPerQueue": 2})
    world = (queue(), pool("a"), pool("b"), two)
    assert denials(pool("c"), *world) == [
        "spec.queues[0].name: Forbidden: queue thumbnails has 2 of at most 2 pools (Policy limits,"
        " limits.maxPoolsPerQueue)"
    ]
    assert denials(pool("b"), *world) == [], "a pool that is known already is not counted twice"
    one = policy(limits={"maxPoolsPerQueue": 1})
    assert denials(pool("b", concurrency=2), queue(), pool("a"), pool("b"), one, old=pool("b")) == [], "legacy"


@pytest.mark.parametrize(
    ("spec", "want_fields"),
    [
        ({"queueName": "Legacy-Jobs"}, ["spec.queueName"]),
        ({"queueName": "jobs"}, []),
        ({"deadLetter": {"queueName": "legacy-dead"}}, ["spec.deadLetter.queueName"]),
        ({}, []),
    ],
)
def test_reserved_names_in_any_case(spec: dict[str, Any], want_fields: list[str]) -> None:
    found = decide(facts(queue(layout="Sidekiq", **spec), policy(reservedNames=["legacy-*", "tmp?"]))).denied
    assert [violation.finding.field for violation in found] == want_fields


def test_the_objects_own_name_counts_where_it_is_the_name_at_the_broker() -> None:
    assert denials(queue("tmp1"), policy(reservedNames=["legacy-*", "tmp?"])) == [
        'metadata.name: Invalid value: "tmp1": reserved: legacy-*, tmp?; choose another queueName'
        " (Policy limits, reservedNames)"
    ]


def test_a_cluster_policy_replaces_the_built_in_names() -> None:
    assert denials(queue(queueName="admin")) != []
    assert denials(queue(queueName="admin"), cluster_policy(reservedNames=[])) == []
    assert denials(queue(queueName="admin"), policy(reservedNames=[])) != [], "a Policy cannot"


def broker(**members: Any) -> Object:
    made = queue()
    made["spec"]["broker"] = members
    return made


@pytest.mark.parametrize(
    ("members", "want_fields"),
    [
        pytest.param({"redis": {"layout": "List", "url": "redis://a.prod.svc:6379/0"}}, [], id="an allowed host"),
        pytest.param({"redis": {"layout": "List", "url": "rediss://A.PROD.svc."}}, [], id="in any case, with a dot"),
        pytest.param({"redis": {"layout": "List", "url": "redis://evil.org/a.prod.svc"}}, ["redis.url"], id="a path"),
        pytest.param({"redis": {"layout": "List", "url": "redis://a.prod.svc\\.evil.org"}}, ["redis.url"], id="\\"),
        pytest.param({"redis": {"layout": "List", "url": "redis://a.prod.svc.evil.org"}}, ["redis.url"], id="a suffix"),
        pytest.param({"redis": {"layout": "List", "url": "redis://[::1"}}, ["redis.url"], id="what cannot be read"),
        pytest.param(
            {
                "redis": {
                    "layout": "List",
                    "sentinel": {"masterName": "m", "addresses": ["a.prod.svc:26379", "b:26379", "[fd00::1]:26379"]},
                }
            },
            ["redis.sentinel.addresses[1]"],
            id="sentinels, one of which by an allowed address",
        ),
        pytest.param(
            {"redis": {"layout": "List", "cluster": {"addresses": ["b:1"]}}}, ["redis.cluster.addresses[0]"], id="nodes"
        ),
        pytest.param(
            {"rabbitmq": {"url": "amqp://a.prod.svc", "managementURL": "http://b:15672"}},
            ["rabbitmq.managementURL"],
            id="the management API",
        ),
        pytest.param(
            {"kafka": {"bootstrapServers": ["b:9092"], "topic": "t", "consumerGroup": "g"}},
            ["kafka.bootstrapServers[0]"],
            id="Kafka",
        ),
        pytest.param({"prometheus": {"url": "http://b", "queries": {"waiting": "x"}}}, ["prometheus.url"], id="PromQL"),
        pytest.param(
            {"redis": {"layout": "List"}, "connectionSecretRef": {"name": "s"}}, ["redis.url"], id="only the Secret"
        ),
        pytest.param(
            {"rabbitmq": {}, "connectionSecretRef": {"name": "s"}}, ["rabbitmq.url"], id="only the Secret, RabbitMQ"
        ),
    ],
)
def test_brokers_are_compared_by_their_parsed_host(members: Object, want_fields: list[str]) -> None:
    allowed = policy(allowedBrokers=["*.prod.svc", "fd00::*"])
    found = decide(facts(broker(**members), allowed)).denied
    assert [violation.finding.field for violation in found if violation.rule == "allowedBrokers"] == [
        f"spec.broker.{field}" for field in want_fields
    ]


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    found = denials(broker(redis={"layout": "List", "url": "redis://jane:s3cret@redis.prod.svc/0"}))
    assert (
        "spec.broker.redis.url: Forbidden: holds credentials: put them into the Secret of connectionSecretRef" in found
    )
    assert not any("s3cret" in told or "jane" in told for told in found)
