from __future__ import annotations

from typing import Any

import pytest

import crds
from tests.crds.objects import Object, policy, pool, pool_from_template, queue, redis


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(queue(), (), id="a Queue without typos has none"),
        pytest.param(queue(paussed=True), ("spec.paussed",), id="a typo in spec"),
        pytest.param(queue(broker=redis(lay="List")), ("spec.broker.redis.lay",), id="a typo far down"),
        pytest.param(
            pool(queues=[{"name": "a"}, {"name": "b", "wait": 1}]), ("spec.queues[1].wait",), id="a typo in a list"
        ),
        pytest.param(
            pool_from_template({"name": "worker", "image": "a", "imagePolicy": "Never"}),
            ("spec.template.spec.containers[0].imagePolicy",),
            id="a typo in the pod template",
        ),
        pytest.param(
            policy(defaults={"labels": {"any": "thing"}, "lables": {}}),
            ("spec.defaults.lables",),
            id="keys of a map are free",
        ),
        pytest.param(
            queue() | {"metadata": {"name": "a", "managedFields": []}, "data": {}},
            ("data",),
            id="metadata is the API server's",
        ),
    ],
)
def test_unknown_fields(obj: Object, want: tuple[str, ...]) -> None:
    assert crds.unknown_fields(str(obj["kind"]), obj) == want


@pytest.mark.parametrize("obj", [None, [], 1, {"spec": [1]}, {"spec": {"broker": "x"}}])
def test_values_of_a_wrong_type_have_no_unknown_fields(obj: Any) -> None:
    assert crds.unknown_fields("Queue", obj) == ()
