"""Rollouts as the commands drive them, through a real API server with its controllers."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane

SPEC: dict[str, Any] = {
    "hold": {"replicas": 2},
    "rollout": {"maxSurge": 1},
    "scaling": {"maxReplicas": 3, "startupTime": "2s"},
}


def call(fleet: Fleet, *arguments: str) -> Result:
    where = ("-n", fleet.namespace, "--kubeconfig", str(fleet.cluster.kubeconfig))
    return CliRunner().invoke(main, [*arguments, *where])


def names(fleet: Fleet) -> set[str]:
    return {pod["metadata"]["name"] for pod in fleet.list("pods")}


def test_a_restart_replaces_every_worker_by_draining_and_can_be_paused_and_taken_back(fleet: Fleet) -> None:
    fleet.apply(**SPEC)
    fleet.until_serving(2)
    fleet.push(4000)
    first = names(fleet)
    done = call(fleet, "restart", "wp/w", "--timeout=90s")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[0] == "wp/w: restarting"
    assert done.output.splitlines()[-1].endswith("serves: 2 ready")
    second = names(fleet)
    assert len(second) == 2
    assert not first & second

    assert call(fleet, "rollout", "pause", "wp/w").output == "wp/w: paused\n"
    assert call(fleet, "restart", "wp/w", "--no-wait").exit_code == 0

    def halted() -> str | None:
        said = any("RolloutPaused" in one for one in fleet.objects.conditions("wp", "w"))
        return None if said and second <= names(fleet) and len(names(fleet)) == 3 else fleet.status()

    fleet.until("the rollout is paused with one new worker", halted)
    assert call(fleet, "rollout", "status", "wp/w", "--no-wait").exit_code == 1
    assert call(fleet, "rollout", "undo", "wp/w").exit_code == 0

    def back() -> str | None:
        return None if names(fleet) == second else f"{names(fleet) ^ second}; {fleet.status()}"

    fleet.until("the revision before serves alone", back)
    assert "RolledBack" in fleet.status()
    assert call(fleet, "rollout", "resume", "wp/w").output == "wp/w: tried again\n"
    assert call(fleet, "rollout", "status", "wp/w", "--timeout=90s").exit_code == 0
    assert not names(fleet) & second
    assert not fleet.node.kills
    assert fleet.node.most["w"] <= 3
