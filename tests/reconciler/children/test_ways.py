"""How a pool's workers show that they are idle."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from headgate.agent import building
from reconciler.children import agent
from reconciler.children.ways import LIBRARIES, SPOKEN, Way, way

WAYS = [
    pytest.param("Auto", ["List"], True, Way.CONTRACT, id="workers of our own layouts tell of themselves"),
    pytest.param("Auto", ["Celery"], True, Way.BROKER, id="the agent speaks to Celery"),
    pytest.param("Auto", ["Sidekiq", "RQ"], True, Way.BROKER, id="and to every library of the pool"),
    pytest.param("Auto", ["Celery", "BullMQ"], True, Way.CONTRACT, id="but not to some of them"),
    pytest.param("Auto", ["Celery"], False, Way.CONTRACT, id="without an image there is no agent"),
    pytest.param("AdminAPI", ["Celery"], True, Way.CONTRACT, id="a Celery worker that keeps the contract itself"),
    pytest.param("Broker", ["Asynq"], True, Way.BROKER, id="any library under headgate-wait, where that is chosen"),
    pytest.param("Broker", ["Asynq"], False, Way.CONTRACT, id="which needs the agent too"),
    pytest.param("Signal", ["Celery"], True, Way.WARM_STOP, id="SIGTERM only, where that is chosen"),
    pytest.param("Auto", [], True, Way.CONTRACT, id="a pool whose queues are not known yet"),
]


@pytest.mark.parametrize(("method", "layouts", "has_agent", "want"), WAYS)
def test_the_way_follows_method_and_layouts(method: str, layouts: Collection[str], has_agent: bool, want: Way) -> None:
    assert way(method, layouts, agent=has_agent) is want


@pytest.mark.parametrize(
    ("layout", "want"),
    [
        pytest.param("Celery", Way.CONTRACT, id="pods with the host's name cannot be told apart"),
        pytest.param("RQ", Way.BROKER, id="a process is its pod's whatever its name"),
    ],
)
def test_pods_on_the_hosts_network(layout: str, want: Way) -> None:
    assert way("Broker", [layout], agent=True, host_network=True) is want


def test_nobody_is_warm_stopped_who_did_not_choose_it() -> None:
    layouts = {library.layout for library in LIBRARIES}
    assert Way.WARM_STOP not in {
        way(method, [layout], agent=True) for method in ("Auto", "Broker") for layout in layouts
    }


def test_the_agent_knows_the_libraries_it_is_sent_to() -> None:
    assert {"Celery", "Sidekiq", "RQ"} == SPOKEN
    assert agent.WAIT.endswith(f"/{building.WAIT}")
