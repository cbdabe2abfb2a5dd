"""Conversion loses nothing, in either direction, whatever the object is made of."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import crds
from crds import meta
from crds.compiling import root
from crds.conversion import ConversionError, convert, unsaid
from crds.conversion.kept import ANNOTATION, PACKED
from tests.crds import beta, generators
from tests.crds.objects import pool, pool_from_template, queue, redis

V1: Final = meta.API_VERSION
BETA: Final = meta.BETA_API_VERSION
KINDS: Final = tuple(kind.kind for kind in meta.BETA_KINDS)
BOUNDED: Final = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def there_and_back(obj: dict[str, Any], through: str) -> dict[str, Any]:
    return convert(convert(obj, through), obj["apiVersion"])


def stored(obj: dict[str, Any]) -> Any:
    """The object as the API server has it: nulls gone, defaults of v1 filled in, unknown fields kept."""
    version = obj["apiVersion"].rpartition("/")[2]
    return root(obj["kind"], version).decoded(obj)


Change = Callable[[dict[str, Any]], None]


def at(path: str, value: Any) -> Change:
    """Sets a field of a spec; None takes it away."""

    def change(obj: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        node = obj["spec"]
        for step in steps:
            node = node.setdefault(step, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value

    return change


def field(obj: dict[str, Any], path: str) -> Any:
    node: Any = obj["spec"]
    for step in path.split("."):
        node = node[int(step)] if isinstance(node, list) else node.get(step, {}) if isinstance(node, dict) else {}
    return node


SAID: Final = (
    pytest.param(
        queue(rateLimit={"jobs": 300, "per": "1m", "burst": 10}),
        {"rateLimit": {"requestsPerSecond": 5, "burstCapacity": 10}},
        id="a rate per minute is shown per second",
    ),
    pytest.param(
        queue(rateLimit={"jobs": 1, "per": "10s"}),
        {"rateLimit": {"requestsPerSecond": 0.1, "burstCapacity": 1}},
        id="a slow rate is a fraction",
    ),
    pytest.param(
        queue(broker=redis(url="rediss://redis.media.svc:6380/3")),
        {"redis": {"addresses": ["redis.media.svc:6380"], "database": 3, "tls": {"enabled": True}}},
        id="a URL is taken apart",
    ),
    pytest.param(
        queue(broker={"rabbitmq": {"url": "amqp://mq:5672"}}), {"redis": {}}, id="RabbitMQ has no words there"
    ),
    pytest.param(
        pool(scaling={"minReplicas": 3, "maxReplicas": 3}, hold={"replicas": 7}),
        {"replicas": {}, "autoScaling": {"minReplicas": 3, "maxReplicas": 3}},
        id="a hold is not shown as replicas",
    ),
    pytest.param(
        pool(queues=[{"name": "a", "weight": 3}, {"name": "b"}]),
        {"queueSelector": {"queue": "a"}},
        id="the first queue is shown",
    ),
    pytest.param(
        pool_from_template({"name": "sidecar", "image": "s:1"}, {"name": "worker", "image": "w:1", "env": []}),
        {"template": {"spec": {"image": "w:1", "env": []}}},
        id="the worker is found among its containers",
    ),
)


@pytest.mark.parametrize(("obj", "want"), SAID)
def test_what_v1beta1_shows(obj: dict[str, Any], want: dict[str, Any]) -> None:
    spec = convert(obj, BETA)["spec"]

    assert {name: spec.get(name, {}) for name in want} == want


MEANT: Final = (
    pytest.param(
        beta.queue(rateLimit={"requestsPerSecond": 2.5, "burstCapacity": 4}),
        {"rateLimit": {"jobs": 5, "per": "2s", "burst": 4}},
        id="a fraction becomes whole jobs in a longer period",
    ),
    pytest.param(
        beta.queue(rateLimit={"requestsPerSecond": 5, "enabled": False}),
        {"rateLimit": {}},
        id="a limit that is off is none",
    ),
    pytest.param(
        beta.queue(redis={"addresses": ["a:6379", "b:6379"]}),
        {"broker.redis": {"layout": "GoRedisWorkQueue", "cluster": {"addresses": ["a:6379", "b:6379"]}}},
        id="several addresses are a cluster",
    ),
    pytest.param(
        beta.pool(replicas=4),
        {"scaling": {"minReplicas": 4, "maxReplicas": 4}, "hold": {}},
        id="replicas alone are a pool of fixed size, and no hold",
    ),
    pytest.param(
        beta.pool(replicas=0),
        {"scaling": {"minReplicas": 0, "maxReplicas": 1}, "hold": {}},
        id="no replicas are a pool that may disappear, and no hold",
    ),
    pytest.param(
        beta.pool(replicas=4, autoScaling={"maxReplicas": 9}),
        {"scaling": {"maxReplicas": 9}, "hold": {}},
        id="replicas beside autoScaling mean nothing",
    ),
    pytest.param(
        beta.pool({"securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True}}),
        {
            "template.spec": {
                "containers": [
                    {"name": "worker", "image": "resize:2", "securityContext": {"readOnlyRootFilesystem": True}}
                ],
                "securityContext": {"runAsNonRoot": True},
            }
        },
        id="what only a container can have goes to the container",
    ),
    pytest.param(
        beta.policy(circuitBreaker={"failureThreshold": 5}),
        {"defaults.circuitBreaker": {"failurePercent": 100, "minSamples": 5}},
        id="failures in a row are all of so many jobs",
    ),
)


@pytest.mark.parametrize(("obj", "want"), MEANT)
def test_what_v1beta1_means(obj: dict[str, Any], want: dict[str, Any]) -> None:
    converted = convert(obj, V1)

    assert crds.validate(obj["kind"], converted) == ()
    assert {path: field(converted, path) for path in want} == want


TEMPLATE: Final = pool_from_template(
    {"name": "worker", "image": "w:1", "volumeMounts": [{"name": "m", "mountPath": "/m"}]},
    {"name": "sidecar", "image": "s:1"},
    pod={"volumes": [{"name": "m", "emptyDir": {}}]},
)
# An object, what somebody changes in the other version, and what is then there in its own.
CHANGED: Final = (
    pytest.param(
        queue(rateLimit={"jobs": 300, "per": "1m"}),
        at("rateLimit.requestsPerSecond", 7),
        {"rateLimit": {"jobs": 7, "per": "1s", "burst": 300}},
        id="a changed rate wins over the one that was kept",
    ),
    pytest.param(
        queue(rateLimit={"jobs": 300, "per": "1m"}, broker=redis()),
        at("retention.completedJobs", "1h"),
        {"rateLimit": {"jobs": 300, "per": "1m"}, "broker.redis.layout": "List", "retention": {"completed": "1h"}},
        id="a change elsewhere leaves what was kept",
    ),
    pytest.param(
        queue(rateLimit={"jobs": 300, "per": "1m"}),
        at("rateLimit", None),
        {"rateLimit": {}},
        id="what is removed stays away",
    ),
    pytest.param(
        TEMPLATE,
        at("template.spec.image", "w:2"),
        {
            "template.spec.containers": [
                {"name": "worker", "image": "w:2", "volumeMounts": [{"name": "m", "mountPath": "/m"}]},
                {"name": "sidecar", "image": "s:1"},
            ],
            "template.spec.volumes": [{"name": "m", "emptyDir": {}}],
        },
        id="a new image keeps sidecars and volumes",
    ),
    pytest.param(
        pool(),
        at("template.spec.nodeSelector", {"gpu": "yes"}),
        {
            "image": {},
            "template.spec": {
                "containers": [{"name": "worker", "image": "registry.acme.io/media/resize:2.4.1"}],
                "nodeSelector": {"gpu": "yes"},
            },
        },
        id="an image becomes a template where it must",
    ),
    pytest.param(
        pool(queues=[{"name": "a", "weight": 3}, {"name": "b"}]),
        at("queueSelector.queue", "c"),
        {"queues": [{"name": "c", "weight": 3}, {"name": "b"}]},
        id="another first queue keeps weight and company",
    ),
    pytest.param(
        beta.pool(replicas=4),
        at("scaling.maxReplicas", 9),
        {"autoScaling": {"minReplicas": 4, "maxReplicas": 9}, "replicas": {}},
        id="changed bounds win over a fixed size",
    ),
    pytest.param(
        beta.queue(priority="high", rateLimit={"requestsPerSecond": 5, "enabled": True}),
        at("rateLimit.jobs", 6),
        {"priority": "high", "rateLimit": {"requestsPerSecond": 6}},
        id="words without a counterpart stay",
    ),
)


@pytest.mark.parametrize(("obj", "change", "want"), CHANGED)
def test_what_a_change_in_the_other_version_does(obj: dict[str, Any], change: Change, want: dict[str, Any]) -> None:
    other = copy.deepcopy(convert(obj, BETA if obj["apiVersion"] == V1 else V1))
    change(other)

    back = convert(other, obj["apiVersion"])

    assert {path: field(back, path) for path in want} == want


def test_the_annotation_is_gone_when_the_object_is_home() -> None:
    obj = queue(priorities=["a", "b"])

    assert ANNOTATION in convert(obj, BETA)["metadata"]["annotations"]
    assert "annotations" not in there_and_back(obj, BETA)["metadata"]


def test_metadata_is_otherwise_untouched() -> None:
    obj = queue(priorities=["a"])
    obj["metadata"] |= {"labels": {"a": "b"}, "annotations": {"c": "d"}, "uid": "1", "finalizers": ["f"]}

    converted = convert(obj, BETA)

    assert converted["metadata"]["annotations"].pop(ANNOTATION)
    assert converted["metadata"] == obj["metadata"]


def test_status_goes_along() -> None:
    obj = queue() | {"status": {"waiting": 3, "conditions": []}}

    assert convert(obj, BETA)["status"] == obj["status"]


def test_a_large_template_is_packed_and_comes_back() -> None:
    rules = [{"name": f"volume-{number}", "configMap": {"name": f"map-{number}"}} for number in range(2000)]
    obj = pool_from_template({"name": "worker", "image": "w:1"}, pod={"volumes": rules})

    text = convert(obj, BETA)["metadata"]["annotations"][ANNOTATION]

    assert text.startswith(PACKED)
    assert len(text) < len(json.dumps(rules)) / 4
    assert there_and_back(obj, BETA) == obj


def test_what_is_too_large_to_go_along_can_be_read_and_not_written() -> None:
    noise = Random(1)
    obj = pool(args=[noise.randbytes(3000).hex() for _ in range(120)])

    converted = convert(obj, BETA)

    assert converted["spec"]["template"]["spec"]["image"] == obj["spec"]["image"]
    assert len(converted["metadata"]["annotations"][ANNOTATION]) < 100
    with pytest.raises(ConversionError, match="too large for v1beta1 to carry all of it: edit it in v1"):
        convert(converted, V1)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "zlib:", "zlib:x", '{"v1":1}', '{"v1":{"rest":[],"exact":2}}', "[" * 100_000, None, 5]
)
def test_an_annotation_that_is_not_ours_is_no_harm(text: Any) -> None:
    obj = beta.queue()
    obj["metadata"]["annotations"] = {ANNOTATION: text}

    assert convert(obj, V1)["spec"] == convert(beta.queue(), V1)["spec"]


def test_the_fields_without_effect_are_named() -> None:
    converted = convert(beta.pool(replicas=3, autoScaling={"maxReplicas": 9, "scaleUpCooldown": "1m"}), V1)

    assert unsaid(converted) == {
        "spec.autoScaling.scaleUpCooldown": "v1 damps by itself, or by spec.scaling.behavior",
        "spec.replicas": "v1 has spec.scaling, and spec.hold for a while",
    }


def test_what_asks_for_nothing_else_than_v1_does_is_not_named() -> None:
    converted = convert(
        beta.pool(updateStrategy={"type": "RollingUpdate"}, drainPolicy={"waitForCompletion": True}), V1
    )

    assert unsaid(converted) == {}


@pytest.mark.parametrize(
    ("obj", "version"),
    [
        (queue(), "work.headgate.dev/v2"),
        (queue() | {"apiVersion": "apps/v1"}, V1),
        (queue() | {"kind": "ClusterPolicy"}, BETA),
        (queue() | {"kind": ["Queue"]}, BETA),
    ],
    ids=["an unknown version", "another group", "a kind of one version", "no kind"],
)
def test_what_cannot_be_converted(obj: dict[str, Any], version: str) -> None:
    with pytest.raises(ConversionError):
        convert(obj, version)


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_v1_comes_back_from_v1beta1(kind: str, data: st.DataObject) -> None:
    obj = stored(data.draw(generators.edited(kind)))

    assert stored(there_and_back(obj, BETA)) == obj


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_v1beta1_comes_back_from_v1(kind: str, data: st.DataObject) -> None:
    obj = stored(data.draw(generators.edited(kind, meta.BETA)))
    assume(not crds.validate(kind, obj, version=meta.BETA))

    assert there_and_back(obj, V1) == obj


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_what_v1_accepts_v1beta1_accepts(kind: str, data: st.DataObject) -> None:
    obj = stored(data.draw(generators.edited(kind)))

    converted = convert(obj, BETA)

    if not crds.validate(kind, obj):
        assert [finding.line() for finding in crds.validate(kind, converted, version=meta.BETA)] == []
        assert crds.unknown_fields(kind, converted, meta.BETA) == ()


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_what_v1beta1_accepts_v1_accepts(kind: str, data: st.DataObject) -> None:
    obj = stored(data.draw(generators.edited(kind, meta.BETA)))

    converted = convert(obj, V1)

    if not crds.validate(kind, obj, version=meta.BETA) and (kind != "Queue" or "redis" in obj["spec"]):
        assert [finding.line() for finding in crds.validate(kind, converted)] == []
        assert crds.unknown_fields(kind, converted) == ()
