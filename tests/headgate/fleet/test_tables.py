"""What `headgate status` prints."""

from __future__ import annotations

import pytest

from headgate.fleet import tables
from headgate.fleet.closeup import WIDTH, closeup
from tests.headgate.fleet.objects import NOW, ago, leaving, pool, queue, said


@pytest.mark.parametrize(
    ("since", "want"),
    [
        pytest.param(ago(seconds=0), "0s", id="now"),
        pytest.param(ago(minutes=5, seconds=2), "5m2s", id="two units"),
        pytest.param(ago(days=12, hours=3, minutes=9), "12d3h", id="never three"),
        pytest.param(ago(seconds=-3), "0s", id="a clock that is ahead"),
        pytest.param(None, "?", id="unknown"),
    ],
)
def test_an_age(since: str | None, want: str) -> None:
    assert tables.age(since, NOW) == want


def test_pools_of_several_namespaces() -> None:
    busy = pool(desiredReplicas=8, readyReplicas=8, busyReplicas=7, summary="at maxReplicas 8")
    new = pool("b")
    del new["status"]
    assert tables.pools([busy, new], NOW, namespaces=True) == [
        "NAMESPACE   NAME         WANT   READY   BUSY   WHY                 AGE",
        "media       thumbnails   8      8       7      at maxReplicas 8    5m",
        "media       b            ?      ?       ?      not looked at yet   5m",
    ]


def test_queues_and_what_is_unknown_of_them() -> None:
    read = queue(waiting=311, running=44, deadLetters=2, oldestJobTime=ago(minutes=5, seconds=2))
    read["status"]["conditions"] = [said("Ready", "True", "Observed")]
    away = queue("mails", conditions=[said("Ready", "False", "CredentialsRefused")])
    assert tables.queues([read, away], NOW, namespaces=False) == [
        "NAME     WAITING   RUNNING   OLDEST   DEAD   STATE                AGE",
        "orders   311       44        5m2s     2      Observed             5m",
        "mails    ?         ?         -        ?      CredentialsRefused   5m",
    ]


def test_one_pool_closely() -> None:
    message = "A worker that is not ready would be removed instead of the drained ones; waiting for it"
    obj = pool(
        desiredReplicas=1,
        readyReplicas=2,
        busyReplicas=1,
        summary="1 busy",
        decision={"steps": [{"name": "Demand", "replicas": 1, "message": "orders: 0 waiting, 1 running"}]},
        draining=[leaving("thumbnails-7d4-x", 1, minutes=10)],
        conditions=[
            said("Draining", "True", "UnreadyWorker", message),
            said("Ready", "True", "Reconciled"),
            said("ScalingActive", "True", "Following", "Replicas follow the queues"),
        ],
    )
    lines = list(closeup(obj, NOW))
    assert lines[2:] == [
        "",
        "How it came to its size:",
        "  1 by Demand: orders: 0 waiting, 1 running",
        "",
        "Draining:",
        "  thumbnails-7d4-x: 1 running, ScaleDown, since 2027-01-15T07:59:00Z, until",
        "    2027-01-15T08:10:00Z",
        "",
        "Conditions:",
        "  Draining=True UnreadyWorker: A worker that is not ready would be removed",
        "    instead of the drained ones; waiting for it",
        "  Ready=True Reconciled",
    ]
    assert max(map(len, lines)) <= WIDTH


def test_a_spec_that_nobody_has_looked_at_is_said() -> None:
    assert "The reconciler has not looked at this spec yet." in list(closeup(pool(seen=False), NOW))
