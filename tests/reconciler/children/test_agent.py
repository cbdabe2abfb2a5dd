"""The agent beside a worker, as it stands in the pod's template."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.children.revision import revision_of
from reconciler.children.ways import Way
from tests.reconciler.children.objects import make_pool, make_queue
from tests.reconciler.children.test_template import render, worker_of

IMAGE = "registry.example.com/headgate:1"


def celery(**spec: Any) -> dict[str, Any]:
    broker = {"connectionSecretRef": {"name": "creds"}, "redis": {"layout": "Celery"}}
    return make_queue(broker=broker, **spec)


def accompanied(pool: dict[str, Any], layout: str = "Celery", image: str = IMAGE) -> dict[str, Any]:
    queue = celery() if layout == "Celery" else make_queue(broker={"redis": {"layout": layout}})
    return render(pool, queue, way=Way.BROKER, image=image)


def agent_of(template: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in template["spec"]["initContainers"] if one["name"] == "headgate-agent")


def pod_files(template: dict[str, Any]) -> list[dict[str, Any]]:
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    items: list[dict[str, Any]] = volumes["headgate-pod"]["downwardAPI"]["items"]
    return items


def test_it_lives_as_long_as_the_worker_and_longer() -> None:
    agent = agent_of(accompanied(make_pool()))
    assert (agent["image"], agent["args"], agent["restartPolicy"]) == (IMAGE, ["agent"], "Always")


def test_it_sees_what_the_worker_sees_and_no_token_of_the_cluster() -> None:
    mounts = {mount["mountPath"]: mount for mount in agent_of(accompanied(make_pool()))["volumeMounts"]}
    assert {"/etc/headgate/config", "/etc/headgate/pod", "/etc/headgate/broker/jobs", "/run/headgate"} <= mounts.keys()
    token = mounts["/var/run/secrets/kubernetes.io/serviceaccount"]
    volumes = {volume["name"]: volume for volume in accompanied(make_pool())["spec"]["volumes"]}
    assert "emptyDir" in volumes[token["name"]]


def test_it_has_the_least_rights_a_container_can_have() -> None:
    context = agent_of(accompanied(make_pool()))["securityContext"]
    assert context["runAsNonRoot"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_it_comes_before_the_users_init_containers_and_leaves_them() -> None:
    template = {"spec": {"containers": [{"name": "worker", "image": "a:1"}], "initContainers": [{"name": "migrate"}]}}
    names = [one["name"] for one in accompanied(make_pool(template=template))["spec"]["initContainers"]]
    assert names == ["headgate-agent", "migrate"]


COMMANDS = [
    pytest.param("RQ", ["rq", "worker"], ["/run/headgate/headgate-wait", "--", "rq", "worker"], id="RQ is wrapped"),
    pytest.param("Celery", ["celery", "worker"], ["celery", "worker"], id="Celery is spoken to, and not wrapped"),
    pytest.param(
        "RQ",
        ["/run/headgate/headgate-wait", "--signal", "INT", "--", "huey"],
        ["/run/headgate/headgate-wait", "--signal", "INT", "--", "huey"],
        id="what is wrapped already is left as it is",
    ),
]


@pytest.mark.parametrize(("layout", "command", "want"), COMMANDS)
def test_commands(layout: str, command: list[str], want: list[str]) -> None:
    assert worker_of(accompanied(make_pool(command=command), layout))["command"] == want


def test_a_worker_that_is_spoken_to_finishes_before_sigterm() -> None:
    worker = worker_of(accompanied(make_pool(drain={"timeout": "5m"})))
    want = ["/bin/sh", "/run/headgate/headgate-wait", "--pre-stop", "270"]
    assert worker["lifecycle"]["preStop"]["exec"]["command"] == want, "and has 30 s left to give jobs back"
    assert "lifecycle" not in worker_of(accompanied(make_pool(command=["rq"]), "RQ")), "wrapped, it does so anyway"


GRACE = [
    pytest.param({"drain": {"timeout": "2h"}}, "570", id="as long as the longest grace period leaves it"),
    pytest.param({"drain": {"timeout": "10s"}}, "0", id="not at all where giving back may take all there is"),
    pytest.param(
        {"template": {"spec": {"terminationGracePeriodSeconds": 90, "containers": [{"name": "worker"}]}}},
        "60",
        id="as the grace period of the user's own leaves it",
    ),
]


@pytest.mark.parametrize(("change", "want"), GRACE)
def test_how_long_the_hook_waits(change: dict[str, Any], want: str) -> None:
    assert worker_of(accompanied(make_pool(**change)))["lifecycle"]["preStop"]["exec"]["command"][-1] == want


def test_another_drain_timeout_restarts_nobody_who_is_spoken_to() -> None:
    quick, slow = (accompanied(make_pool(drain={"timeout": timeout})) for timeout in ("5m", "9m"))
    assert quick != slow
    assert revision_of(quick) == revision_of(slow)


def test_the_hook_sees_that_a_drain_was_given_up() -> None:
    paths = [item["path"] for item in pod_files(accompanied(make_pool()))]
    assert paths == ["drain", "drained"]
    assert [item["path"] for item in pod_files(render(make_pool()))] == ["drain"], "nobody else asks"


def test_a_hook_of_the_users_own_stays() -> None:
    hook = {"preStop": {"exec": {"command": ["/app/goodbye"]}}}
    template = {"spec": {"containers": [{"name": "worker", "image": "a:1", "lifecycle": hook}]}}
    assert worker_of(accompanied(make_pool(template=template)))["lifecycle"] == hook


def test_an_upgrade_of_headgate_restarts_no_worker() -> None:
    before, after = (accompanied(make_pool(), image=f"registry.example.com/headgate:{tag}") for tag in (1, 2))
    assert revision_of(before) == revision_of(after)


def test_workers_that_tell_of_themselves_have_none() -> None:
    assert "initContainers" not in render(make_pool())["spec"]


def test_it_is_told_the_name_of_a_celery_node_that_has_another() -> None:
    named = {"name": "AGENT_CELERY_NODE", "value": "resize@%h"}
    agent = agent_of(accompanied(make_pool(env=[named, {"name": "SECRET", "value": "x"}])))
    assert named in agent["env"]
    assert "SECRET" not in {variable["name"] for variable in agent["env"]}, "and nothing else of the worker's own"
