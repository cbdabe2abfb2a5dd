"""What runs in a worker pod."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.children.revision import revision_of
from reconciler.children.template import image_tag, pod_template
from reconciler.children.ways import Way
from tests.reconciler.children.objects import effective_of, make_pool, make_queue


def render(pool: dict[str, Any], *queues: dict[str, Any], way: Way = Way.CONTRACT, image: str = "") -> dict[str, Any]:
    queues = queues or (make_queue(),)
    return pod_template(pool, queues, effective_of(pool, *queues), way, image)


def worker_of(template: dict[str, Any]) -> dict[str, Any]:
    return next(container for container in template["spec"]["containers"] if container["name"] == "worker")


def environment_of(template: dict[str, Any]) -> dict[str, Any]:
    return {variable["name"]: variable.get("value") for variable in worker_of(template)["env"]}


def test_the_worker_is_told_what_the_contract_promises() -> None:
    template = render(make_pool(concurrency=4), make_queue(queueName="thumbs", maxJobDuration="5m"))
    told = environment_of(template)
    assert told["HEADGATE_QUEUES"] == "thumbs"
    assert (told["HEADGATE_CONCURRENCY"], told["HEADGATE_MAX_IN_FLIGHT"]) == ("4", "4")
    assert told["HEADGATE_DRAIN_SECONDS"] == "360"
    assert {"HEADGATE_POD", "HEADGATE_POD_UID", "HEADGATE_CONFIG", "HEADGATE_DRAIN_REQUEST"} <= told.keys()


def test_the_drain_request_is_a_file_made_of_the_pods_annotation() -> None:
    template = render(make_pool())
    volume = next(volume for volume in template["spec"]["volumes"] if volume["name"] == "headgate-pod")
    want_item = {"path": "drain", "fieldRef": {"fieldPath": "metadata.annotations['headgate.dev/drain']"}}
    assert volume["downwardAPI"]["items"] == [want_item]


def test_a_queues_secret_is_mounted_where_the_contract_says() -> None:
    queue = make_queue(broker={"connectionSecretRef": {"name": "creds"}, "redis": {"layout": "List"}})
    template = render(make_pool(), queue)
    assert {"name": "headgate-broker-0", "secret": {"secretName": "creds"}} in template["spec"]["volumes"]
    mounts = {mount["name"]: mount["mountPath"] for mount in worker_of(template)["volumeMounts"]}
    assert mounts["headgate-broker-0"] == "/etc/headgate/broker/jobs"


def test_a_template_is_completed_and_not_replaced() -> None:
    spec = {
        "nodeSelector": {"accelerator": "a10"},
        "containers": [
            {"name": "proxy", "image": "proxy:1"},
            {"name": "worker", "image": "whisper:3", "env": [{"name": "A", "value": "1"}], "workingDir": "/srv"},
        ],
    }
    template = render(make_pool(template={"metadata": {"labels": {"app": "ml"}}, "spec": spec}))
    assert template["spec"]["nodeSelector"] == {"accelerator": "a10"}
    assert [container["name"] for container in template["spec"]["containers"]] == ["worker", "proxy"]
    worker = worker_of(template)
    assert (worker["image"], worker["workingDir"], worker["env"][-1]) == (
        "whisper:3",
        "/srv",
        {"name": "A", "value": "1"},
    )
    assert template["metadata"]["labels"] == {"app": "ml", "app.kubernetes.io/version": "3"}


def test_labels_that_gitops_tools_claim_objects_by_are_not_inherited() -> None:
    labels = {"app.kubernetes.io/instance": "shop", "argocd.argoproj.io/instance": "shop", "team": "a"}
    template = render(make_pool(template={"metadata": {"labels": labels}, "spec": {"containers": []}}, image="a:1"))
    assert template["metadata"]["labels"] == {"team": "a", "app.kubernetes.io/version": "1"}


GRACE = [
    pytest.param("5s", 30, id="a short drain leaves the usual grace"),
    pytest.param("5m", 300, id="the grace is as long as the drain may be"),
    pytest.param("2h", 600, id="a long drain is not repeated in the grace"),
]


@pytest.mark.parametrize(("timeout", "want_grace"), GRACE)
def test_the_grace_follows_the_drain(timeout: str, want_grace: int) -> None:
    template = render(make_pool(drain={"timeout": timeout}))
    assert template["spec"]["terminationGracePeriodSeconds"] == want_grace


SAME = [
    pytest.param({"scaling": {"maxReplicas": 9}}, id="other bounds"),
    pytest.param({"drain": {"timeout": "1h"}}, id="another drain timeout"),
    pytest.param({"hold": {"replicas": 2}}, id="a hold"),
    pytest.param({"drain": {"adminAPI": {"path": "/admin"}}}, id="another path over HTTP"),
]
OTHER = [
    pytest.param({"image": "registry.acme.io/media/resize:2.4.2"}, id="another image"),
    pytest.param({"env": [{"name": "A", "value": "1"}]}, id="another variable"),
    pytest.param({"concurrency": 2}, id="another concurrency, which arguments may name"),
    pytest.param({"resources": {"limits": {"memory": "1Gi"}}}, id="other resources"),
]


@pytest.mark.parametrize("change", SAME)
def test_these_changes_restart_nothing(change: dict[str, Any]) -> None:
    assert revision_of(render(make_pool(**change))) == revision_of(render(make_pool()))


@pytest.mark.parametrize("change", OTHER)
def test_these_changes_make_a_new_revision(change: dict[str, Any]) -> None:
    assert revision_of(render(make_pool(**change))) != revision_of(render(make_pool()))


def test_a_queues_settings_restart_nothing() -> None:
    quick = make_queue(rateLimit={"jobs": 1, "per": "1s"}, retry={"maxRetries": 9}, paused=True)
    assert revision_of(render(make_pool(), quick)) == revision_of(render(make_pool(), make_queue()))


TAGS = [
    pytest.param("registry.acme.io:5000/a/b:2.4.1", "2.4.1", id="a tag behind a registry with a port"),
    pytest.param("registry.acme.io:5000/a/b", "", id="no tag"),
    pytest.param("a:1@sha256:00", "1", id="a tag and a digest"),
    pytest.param(f"a:{'x' * 80}", "x" * 63, id="a tag longer than a label"),
]


@pytest.mark.parametrize(("image", "want"), TAGS)
def test_the_version_is_the_images_tag(image: str, want: str) -> None:
    assert image_tag(image) == want
