"""Which changes of resources a running worker can be given, and whether it has them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.children.revision import revision_of
from reconciler.children.sizes import differing, shape_of, sizes_of
from reconciler.children.template import pod_template
from tests.reconciler.children.objects import effective_of, make_pool, make_queue

CPU: dict[str, Any] = {"requests": {"cpu": "500m", "memory": "1Gi"}}


def template(**spec: Any) -> dict[str, Any]:
    pool, queue = make_pool(**spec), make_queue()
    return pod_template(pool, [queue], effective_of(pool, queue))


def restarting(resources: dict[str, Any]) -> dict[str, Any]:
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    worker = {"name": "worker", "image": "w:1", "resources": resources, "resizePolicy": policy}
    return template(template={"spec": {"containers": [worker]}})


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        pytest.param(
            template(resources=CPU),
            template(resources={"requests": {"cpu": "1", "memory": "2Gi"}}),
            True,
            id="more of what was asked for",
        ),
        pytest.param(template(resources=CPU), template(), False, id="nothing is asked for any more"),
        pytest.param(
            template(resources=CPU),
            template(resources={**CPU, "limits": {"memory": "2Gi"}}),
            False,
            id="a limit where there was none",
        ),
        pytest.param(
            template(resources={"limits": {"nvidia.com/gpu": "1"}}),
            template(resources={"limits": {"nvidia.com/gpu": "2"}}),
            False,
            id="what no running container can be given",
        ),
        pytest.param(
            template(resources=CPU),
            template(resources={"requests": {"cpu": "1", "memory": "2Gi"}}, env=[{"name": "A", "value": "b"}]),
            False,
            id="something else beside it",
        ),
        pytest.param(
            restarting(CPU),
            restarting({"requests": {"cpu": "1", "memory": "2Gi"}}),
            False,
            id="where the container would be restarted for it",
        ),
    ],
)
def test_whether_only_sizes_are_between_two_templates(old: dict[str, Any], new: dict[str, Any], want: bool) -> None:
    assert revision_of(old) != revision_of(new)
    assert (shape_of(old) == shape_of(new)) is want


def pod(**resources: dict[str, str]) -> dict[str, Any]:
    sidecar = {"name": "mesh", "resources": {"requests": {"cpu": "10m"}}}
    return {"containers": [{"name": "worker", "resources": resources}, sidecar]}


@pytest.mark.parametrize(
    ("here", "wanted", "want"),
    [
        pytest.param(pod(requests={"cpu": "1"}), pod(requests={"cpu": "1000m"}), False, id="the same in other words"),
        pytest.param(pod(requests={"cpu": "1"}), pod(requests={"cpu": "2"}), True, id="another request"),
        pytest.param(
            pod(limits={"memory": "1Gi"}, requests={"memory": "1Gi"}),
            pod(limits={"memory": "1Gi"}),
            False,
            id="the request that the server makes of a limit",
        ),
        pytest.param(pod(requests={"cpu": "1"}), pod(), False, id="a default that the namespace gave"),
    ],
)
def test_whether_a_pod_has_its_size(here: dict[str, Any], wanted: dict[str, Any], want: bool) -> None:
    assert bool(differing(here, sizes_of(wanted))) is want


def test_a_container_that_others_put_in_is_left_as_it_is() -> None:
    alone = {"containers": [{"name": "worker", "resources": {"requests": {"cpu": "2"}}}]}
    found = differing(pod(requests={"cpu": "1"}), sizes_of(alone))
    assert found == {"worker": {"limits": {}, "requests": {"cpu": "2"}}}
    assert sizes_of(alone)["worker"] == found["worker"]
