"""What each rule says about a request, in the words a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from policies import decide
from policies.text import line
from tests.policies.objects import Object, cluster_policy, facts, namespace, obj, policy, pool, queue

THUMBNAILS = queue()
OVER = policy(limits={"maxReplicasPerPool": 20})


def denials(new: Object, *world: Object, old: Object | None = None, subresource: str = "") -> list[str]:
    return [line(violation) for violation in decide(facts(new, *world, old=old, subresource=subresource)).denied]


def warnings(new: Object, *world: Object, old: Object | None = None, subresource: str = "") -> list[str]:
    return list(decide(facts(new, *world, old=old, subresource=subresource)).warnings)


@pytest.mark.parametrize(
    ("new", "world", "want_denials"),
    [
        pytest.param(pool(), [THUMBNAILS], [], id="a pool of an existing queue is fine"),
        pytest.param(
            pool(scaling={"maxReplicas": 40}),
            [THUMBNAILS, cluster_policy(limits={"maxReplicasPerPool": 20})],
            [
                "spec.scaling.maxReplicas: Invalid value: 40: at most 20"
                " (ClusterPolicy guardrails, limits.maxReplicasPerPool)"
            ],
            id="a limit names field, value, limit and policy",
        ),
        pytest.param(
            pool(
                scaling={
                    "minReplicas": 21,
                    "maxReplicas": 25,
                    "fallback": {"replicas": 23},
                    "schedules": [{"name": "day", "schedule": "0 8 * * *", "duration": "1h", "minReplicas": 24}],
                },
                hold={"replicas": 26},
            ),
            [THUMBNAILS, OVER],
            [
                "spec.scaling.maxReplicas: Invalid value: 25: at most 20 (Policy limits, limits.maxReplicasPerPool)",
                "spec.scaling.minReplicas: Invalid value: 21: at most 20 (Policy limits, limits.maxReplicasPerPool)",
                "spec.scaling.fallback.replicas: Invalid value: 23: at most 20"
                " (Policy limits, limits.maxReplicasPerPool)",
                "spec.hold.replicas: Invalid value: 26: at most 20 (Policy limits, limits.maxReplicasPerPool)",
                "spec.scaling.schedules[0].minReplicas: Invalid value: 24: at most 20"
                " (Policy limits, limits.maxReplicasPerPool)",
            ],
            id="every field that asks for replicas is named at once",
        ),
        pytest.param(
            pool(scaling={"maxReplicas": 40}),
            [THUMBNAILS, OVER, policy("strict", limits={"maxReplicasPerPool": 5})],
            [
                "spec.scaling.maxReplicas: Invalid value: 40: at most 20 (Policy limits, limits.maxReplicasPerPool)",
                "spec.scaling.maxReplicas: Invalid value: 40: at most 5 (Policy strict, limits.maxReplicasPerPool)",
            ],
            id="each policy judges by itself",
        ),
        pytest.param(
            pool(scaling={"maxReplicas": 40}),
            [THUMBNAILS, policy(action="Warn", limits={"maxReplicasPerPool": 20})],
            [],
            id="a Warn policy refuses nothing",
        ),
        pytest.param(
            queue("c"),
            [queue("a"), queue("b"), policy(limits={"maxQueuesPerNamespace": 2})],
            [
                "metadata.namespace: Forbidden: namespace media has 2 of at most 2 queues"
                " (Policy limits, limits.maxQueuesPerNamespace)"
            ],
            id="one queue too many",
        ),
        pytest.param(
            queue("b"),
            [queue("a"), queue("b"), policy(limits={"maxQueuesPerNamespace": 2})],
            [],
            id="a queue the snapshot knows already is not counted twice",
        ),
        pytest.param(
            queue(rateLimit={"jobs": 301, "per": "1m"}),
            [policy(limits={"maxRate": {"jobs": 5, "per": "1s"}})],
            ['spec.rateLimit: Invalid value: "301 per 1m": at most 5 per 1s (Policy limits, limits.maxRate)'],
            id="rates are compared whatever their unit",
        ),
        pytest.param(
            queue(rateLimit={"jobs": 300, "per": "1m"}),
            [policy(limits={"maxRate": {"jobs": 5, "per": "1s"}})],
            [],
            id="a rate at the limit is fine",
        ),
        pytest.param(
            queue(),
            [policy(limits={"maxRate": {"jobs": 5, "per": "1s"}})],
            ["spec.rateLimit: Required value: at most 5 per 1s (Policy limits, limits.maxRate)"],
            id="no rate limit at all is over every limit",
        ),
        pytest.param(
            queue(),
            [
                policy(limits={"maxRate": {"jobs": 5, "per": "1s"}}),
                cluster_policy(defaults={"rateLimit": {"jobs": 1, "per": "1s"}}),
            ],
            [],
            id="an inherited rate counts",
        ),
        pytest.param(
            queue(),
            [
                policy(limits={"maxRate": {"jobs": 5, "per": "1s"}}),
                cluster_policy(defaults={"rateLimit": {"jobs": 9, "per": "1s"}}),
            ],
            [
                'spec.rateLimit: Invalid value: "9 per 1s, inherited from ClusterPolicy guardrails":'
                " at most 5 per 1s (Policy limits, limits.maxRate)"
            ],
            id="an inherited rate above the limit says where it comes from",
        ),
        pytest.param(
            pool(image="docker.io/acme/resize:2.4.1"),
            [THUMBNAILS, cluster_policy(allowedImages=["registry.acme.io/"], requiredLabels=[{"key": "team"}])],
            [
                'spec.image: Unsupported value: "docker.io/acme/resize:2.4.1": must start with registry.acme.io/'
                " (ClusterPolicy guardrails, allowedImages)",
                "metadata.labels[team]: Required value: name the owning team"
                " (ClusterPolicy guardrails, requiredLabels)",
            ],
            id="image and label in one answer",
        ),
        pytest.param(
            queue(metadata={"labels": {"tier": "gold"}}),
            [policy(requiredLabels=[{"key": "tier", "values": ["front", "back"]}])],
            ['metadata.labels[tier]: Unsupported value: "gold": one of front, back (Policy limits, requiredLabels)'],
            id="a required label with a value that is not listed",
        ),
    ],
)
def test_denials(new: Object, world: list[Object], want_denials: list[str]) -> None:
    assert denials(new, *world) == want_denials


@pytest.mark.parametrize(
    ("layout", "name", "want_refused"),
    [
        ("List", "system", True),
        ("Stream", "Admin", True),
        ("GoRedisWorkQueue", "HEALTH", True),
        ("List", "kube-anything", True),
        ("List", "default", True),
        ("Stream", "Default", True),
        ("GoRedisWorkQueue", "default", True),
        ("Sidekiq", "default", False),
        ("RQ", "default", False),
        ("Asynq", "default", False),
        ("Celery", "admin", False),
        ("List", "administration", False),
        ("List", "kubernetes", False),
    ],
)
def test_reserved_queue_names_depend_on_the_layout(layout: str, name: str, want_refused: bool) -> None:
    found = denials(queue(layout=layout, queueName=name))
    assert bool(found) is want_refused
    if want_refused:
        message = f"reserved at a broker with layout {layout}; choose another queueName"
        assert found == [f'spec.queueName: Invalid value: "{name}": {message}']


def test_the_name_of_the_object_itself_is_never_reserved() -> None:
    assert denials(queue("metrics")) == []


@pytest.mark.parametrize(
    ("new", "want_fields"),
    [
        pytest.param(pool(metadata={"labels": {"headgate.dev/pool": "x"}}), ["metadata.labels[headgate.dev/pool]"]),
        pytest.param(
            queue(metadata={"annotations": {"headgate.dev/drain": "x"}}), ["metadata.annotations[headgate.dev/drain]"]
        ),
        pytest.param(
            pool(metadata={"annotations": {"headgate.dev/break-glass": "2026-11-23T13:00:00Z the cluster burns"}}),
            [],
            id="break-glass is people's",
        ),
        pytest.param(pool(metadata={"labels": {"team.headgate.dev/x": "x"}}), [], id="another domain is not ours"),
        pytest.param(
            pool(
                image=None,
                template={
                    "metadata": {"labels": {"headgate.dev/drained": "x"}},
                    "spec": {"containers": [{"name": "worker", "image": "w"}]},
                },
            ),
            ["spec.template.metadata.labels[headgate.dev/drained]"],
        ),
        pytest.param(
            pool(metadata={"labels": {"headgate.dev/break-glass": "x"}}),
            ["metadata.labels[headgate.dev/break-glass]"],
            id="but no label",
        ),
        pytest.param(
            pool(
                image=None,
                template={
                    "metadata": {
                        "annotations": {f"headgate.dev/{key}": "x" for key in ("break-glass", "restarted-at")}
                    },
                    "spec": {"containers": [{"name": "worker", "image": "w"}]},
                },
            ),
            [
                "spec.template.metadata.annotations[headgate.dev/break-glass]",
                "spec.template.metadata.annotations[headgate.dev/restarted-at]",
            ],
            id="and nothing in a template",
        ),
        pytest.param(
            policy(defaults={"labels": {"headgate.dev/break-glass": "x"}}),
            ["spec.defaults.labels[headgate.dev/break-glass]"],
            id="nor among default labels",
        ),
        pytest.param(policy(defaults={"labels": {"headgate.dev/x": "x"}}), ["spec.defaults.labels[headgate.dev/x]"]),
        pytest.param(pool(env=[{"name": "A"}, {"name": "HEADGATE_QUEUES"}]), ["spec.env[1].name"]),
        pytest.param(
            pool(
                image=None,
                template={
                    "spec": {
                        "containers": [
                            {"name": "worker", "image": "w"},
                            {"name": "b", "env": [{"name": "HEADGATE_POD"}]},
                        ]
                    }
                },
            ),
            ["spec.template.spec.containers[1].env[0].name"],
        ),
    ],
)
def test_what_belongs_to_headgate_is_not_set_by_others(new: Object, want_fields: list[str]) -> None:
    assert [violation.finding.field for violation in decide(facts(new, THUMBNAILS)).denied] == want_fields


@pytest.mark.parametrize(
    ("image", "want_allowed"),
    [
        ("registry.acme.io/a:1", True),
        ("REGISTRY.acme.io/a:1", True),
        ("registry.acme.io.evil.org/a:1", False),
        ("registry.acme.io:5000/a:1", False),
        ("nginx", False),
        ("acme/registry.acme.io/a", False),
        ("docker.io/team/a@sha256:00", True),
        ("team/a", True),
        ("index.docker.io/team/a", True),
        ("library/team/a", False),
    ],
)
def test_images_are_compared_by_their_full_name(image: str, want_allowed: bool) -> None:
    allowed = policy(allowedImages=["registry.acme.io", "docker.io/team/"])
    assert (denials(pool(image=image), THUMBNAILS, allowed) == []) is want_allowed


def test_every_image_of_the_pods_is_judged() -> None:
    pod = {
        "initContainers": [{"name": "first", "image": "docker.io/first:1"}],
        "containers": [{"name": "worker", "image": "docker.io/worker:1"}],
        "volumes": [
            {"name": "model", "image": {"reference": "docker.io/model:1"}},
            {"name": "fine", "image": {"reference": "registry.acme.io/model:1"}},
            {"name": "scratch", "emptyDir": {}},
        ],
    }
    ours = policy(allowedImages=["registry.acme.io/"])
    found = decide(facts(pool(image=None, template={"spec": pod}), THUMBNAILS, ours))
    assert [violation.finding.field for violation in found.denied] == [
        "spec.template.spec.initContainers[0].image",
        "spec.template.spec.containers[0].image",
        "spec.template.spec.volumes[0].image.reference",
    ]


@pytest.mark.parametrize(
    ("match", "want_applies"),
    [
        pytest.param({}, True, id="no match means all"),
        pytest.param({"kinds": ["Queue"]}, False, id="another kind"),
        pytest.param({"kinds": ["Queue", "WorkerPool"]}, True, id="this kind among others"),
        pytest.param({"names": ["thumb*"]}, True, id="a glob over the name"),
        pytest.param({"names": ["thumb"]}, False, id="a glob matches whole names"),
        pytest.param({"labelSelector": {"matchLabels": {"tier": "back"}}}, True, id="a label"),
        pytest.param({"labelSelector": {"matchLabels": {"tier": "front"}}}, False, id="another value of the label"),
        pytest.param(
            {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["back"]}]}},
            False,
            id="NotIn",
        ),
        pytest.param(
            {"labelSelector": {"matchExpressions": [{"key": "absent", "operator": "NotIn", "values": ["back"]}]}},
            True,
            id="NotIn holds without the label",
        ),
        pytest.param(
            {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["back", "x"]}]}},
            True,
            id="In",
        ),
        pytest.param(
            {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, True, id="Exists"
        ),
        pytest.param(
            {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}},
            False,
            id="DoesNotExist",
        ),
        pytest.param({"namespaceSelector": {"matchLabels": {"env": "prod"}}}, True, id="a label of the namespace"),
        pytest.param({"namespaceSelector": {"matchLabels": {"env": "dev"}}}, False, id="another namespace"),
    ],
)
def test_a_policy_applies_where_it_matches(match: dict[str, Any], want_applies: bool) -> None:
    strict = cluster_policy(match=match, limits={"maxReplicasPerPool": 1})
    new = pool(metadata={"labels": {"tier": "back"}})
    assert bool(denials(new, THUMBNAILS, strict, namespace(env="prod"))) is want_applies


def test_a_policy_of_another_namespace_does_not_apply() -> None:
    elsewhere = policy(limits={"maxReplicasPerPool": 1})
    elsewhere["metadata"]["namespace"] = "bi"
    assert denials(pool(), THUMBNAILS, elsewhere) == []


def test_a_cluster_policy_without_a_namespace_selector_selects_nothing() -> None:
    loose = cluster_policy(limits={"maxReplicasPerPool": 1})
    del loose["spec"]["match"]["namespaceSelector"]
    assert denials(pool(), THUMBNAILS, loose) == []


def held(replicas: int) -> Object:
    return pool(hold={"replicas": replicas})


@pytest.mark.parametrize(
    ("new", "old", "want_fields"),
    [
        pytest.param(held(21), pool(), ["spec.hold.replicas"], id="kubectl scale above the limit is refused"),
        pytest.param(held(20), pool(), [], id="at the limit is fine"),
        pytest.param(held(25), held(30), [], id="scaling down towards the limit is fine"),
        pytest.param(held(31), held(30), ["spec.hold.replicas"], id="farther from the limit is refused"),
        pytest.param(
            {**held(3), "spec": {**held(3)["spec"], "scaling": {"maxReplicas": 40}}},
            pool(scaling={"maxReplicas": 40}),
            [],
            id="a pool whose maximum is legacy can be scaled",
        ),
    ],
)
def test_scale_is_held_to_the_limits(new: Object, old: Object, want_fields: list[str]) -> None:
    decision = decide(facts(new, THUMBNAILS, OVER, old=old, subresource="scale"))
    assert [violation.finding.field for violation in decision.denied] == want_fields


@pytest.mark.parametrize(
    ("old", "new", "want_denied"),
    [
        pytest.param(40, 40, False, id="unchanged"),
        pytest.param(40, 30, False, id="nearer the limit"),
        pytest.param(40, 41, True, id="farther off"),
        pytest.param(20, 21, True, id="was fine before"),
    ],
)
def test_legacy_is_tolerated(old: int, new: int, want_denied: bool) -> None:
    before, after = pool(scaling={"maxReplicas": old}), pool(scaling={"maxReplicas": new}, concurrency=2)
    assert bool(denials(after, THUMBNAILS, OVER, old=before)) is want_denied


def containers(*images: str, **more: Any) -> Object:
    """A pool of a worker with the first image, and containers beside it with the others."""
    first, *others = images
    pod = {"containers": [{"name": "worker", "image": first}, *({"name": f"with-{x}", "image": x} for x in others)]}
    return pool(image=None, template={"spec": {**pod, **more}})


def turned(new: Object) -> Object:
    new["spec"]["template"]["spec"]["containers"].reverse()
    return new


def scheduled(**minimums: int) -> Object:
    night = {"schedule": "0 22 * * *", "duration": "8h"}
    schedules = [{**night, "name": name, "minReplicas": least} for name, least in minimums.items()]
    return pool(scaling={"maxReplicas": 30, "schedules": schedules})


def with_env(*names: str) -> Object:
    return pool(env=[{"name": name, "value": "x"} for name in names])


def at_hosts(*hosts: str) -> Object:
    new = queue()
    cluster = {"addresses": [f"{host}:6379" for host in hosts]}
    new["spec"]["broker"]["redis"] = {"layout": "List", "cluster": cluster}
    return new


FINE, BAD, WORSE = "registry.acme.io/fine:1", "docker.io/bad:1", "docker.io/worse:1"


@pytest.mark.parametrize(
    ("old", "new", "want_fields"),
    [
        pytest.param(
            containers(FINE, BAD), containers(FINE, FINE, BAD), [], id="a container is put before a legacy one"
        ),
        pytest.param(containers(FINE, BAD), turned(containers(FINE, BAD)), [], id="containers change places"),
        pytest.param(
            containers(FINE, BAD),
            containers(FINE, WORSE, BAD),
            ["spec.template.spec.containers[1].image"],
            id="a bad container takes the place of a legacy one",
        ),
        pytest.param(
            containers(BAD),
            containers(FINE, BAD),
            ["spec.template.spec.containers[1].image"],
            id="another container with an image that was legacy in the first",
        ),
        pytest.param(scheduled(day=25), scheduled(night=2, day=25), [], id="a schedule is put before a legacy one"),
        pytest.param(
            scheduled(day=25),
            scheduled(night=25, day=2),
            ["spec.scaling.schedules[0].minReplicas"],
            id="another schedule has what was legacy in the first",
        ),
        pytest.param(
            with_env("HEADGATE_A"), with_env("B", "HEADGATE_A"), [], id="a variable is put before a legacy one"
        ),
        pytest.param(
            with_env("HEADGATE_A"),
            with_env("HEADGATE_C", "HEADGATE_A"),
            ["spec.env[0].name"],
            id="one more bad variable",
        ),
        pytest.param(at_hosts("far.org"), at_hosts("a.media.svc", "far.org"), [], id="an address before a legacy one"),
        pytest.param(
            at_hosts("far.org"),
            at_hosts("other.org", "far.org"),
            ["spec.broker.redis.cluster.addresses[0]"],
            id="one more bad address",
        ),
    ],
)
def test_legacy_stays_legacy_when_a_list_shifts(old: Object, new: Object, want_fields: list[str]) -> None:
    strict = policy("strict", allowedImages=["registry.acme.io/"], allowedBrokers=["*.svc"])
    over = policy(limits={"maxReplicasPerPool": 20})
    denied = decide(facts(new, THUMBNAILS, strict, over, old=old)).denied
    assert [violation.finding.field for violation in denied] == want_fields


def test_a_label_that_brings_an_object_under_a_policy_is_no_legacy() -> None:
    gold = policy(match={"labelSelector": {"matchLabels": {"tier": "gold"}}}, limits={"maxReplicasPerPool": 5})
    after = pool(metadata={"labels": {"tier": "gold"}})
    assert denials(after, THUMBNAILS, gold, old=pool()) != []


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(pool(scaling={"maxReplicas": 40}, metadata={"deletionTimestamp": "2026-11-23T12:00:00Z"})),
        pytest.param(pool(scaling={"maxReplicas": 40}, metadata={"finalizers": []})),
        pytest.param({**pool(scaling={"maxReplicas": 40}), "status": {"replicas": 3}}),
    ],
    ids=["an object that is leaving", "a finalizer", "a status"],
)
def test_what_is_never_judged(new: Object) -> None:
    before = pool(scaling={"maxReplicas": 40}, metadata={"finalizers": ["headgate.dev/drain"]})
    if "deletionTimestamp" in new["metadata"]:
        new["spec"]["concurrency"] = 7
    decision = decide(facts(new, OVER, old=before))
    assert decision == decide(facts(before, OVER, old=before))
    assert decision.violations == ()


@pytest.mark.parametrize(
    ("new", "world", "want_warnings"),
    [
        pytest.param(
            pool(queues=("thumbnial",)),
            [THUMBNAILS],
            ['spec.queues[0].name: no Queue "thumbnial" in media; did you mean "thumbnails"?'],
            id="a queue that does not exist, with the nearest name",
        ),
        pytest.param(
            pool(queues=("orders",)),
            [THUMBNAILS],
            ['spec.queues[0].name: no Queue "orders" in media yet'],
            id="no suggestion where nothing is near",
        ),
        pytest.param(
            pool(scaling={"maxReplicas": 40}),
            [THUMBNAILS, policy(action="Warn", limits={"maxReplicasPerPool": 20})],
            ["spec.scaling.maxReplicas: Invalid value: 40: at most 20 (Policy limits, limits.maxReplicasPerPool)"],
            id="what a Warn policy says",
        ),
        pytest.param(
            pool(hold={"replicas": 11}),
            [THUMBNAILS],
            ["spec.hold.replicas: 11 is above scaling.maxReplicas: the pool is held at 10"],
            id="a hold above the pool's own maximum",
        ),
        pytest.param(
            pool(scaling={"maxReplicas": 40}),
            [THUMBNAILS, policy(action="Audit", limits={"maxReplicasPerPool": 20})],
            [],
            id="an Audit policy is silent",
        ),
    ],
)
def test_warnings(new: Object, world: list[Object], want_warnings: list[str]) -> None:
    assert warnings(new, *world) == want_warnings


def test_a_world_that_changed_is_told_again_at_every_write() -> None:
    before, after = pool(queues=("gone",)), pool(queues=("gone",), concurrency=2)
    assert warnings(after, THUMBNAILS, old=before) == ['spec.queues[0].name: no Queue "gone" in media yet']


def test_the_audit_log_learns_policies_and_what_was_let_pass() -> None:
    lenient = policy(action="Audit", limits={"maxReplicasPerPool": 20})
    decision = decide(facts(pool(scaling={"maxReplicas": 40}), THUMBNAILS, lenient, cluster_policy()))
    assert decision.audit == {
        "policies": "Policy/limits=uid-limits@1,ClusterPolicy/guardrails=uid-guardrails@1",
        "passed": "Audit:Policy limits:limits.maxReplicasPerPool",
    }


@pytest.mark.parametrize("spec", [None, "text", 7, [], {"scaling": "x"}, {"scaling": {"maxReplicas": "40"}}])
def test_rules_survive_objects_that_no_schema_would_accept(spec: Any) -> None:
    world = (THUMBNAILS, OVER, policy("more", allowedImages=["a/"], requiredLabels=[{"key": "team"}]))
    for kind in ("Queue", "WorkerPool", "Policy", "ClusterPolicy"):
        broken = obj(kind, "broken", {})
        broken["spec"] = spec
        decide(facts(broken, *world))
