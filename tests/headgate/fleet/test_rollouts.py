"""How far a rollout is, from a pool's status and its children."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.fleet import rollouts
from headgate.fleet.targets import POOLS, Target
from headgate.fleet.telling import Teller
from tests.headgate.fleet.objects import ago, pool, said

RESTARTED = {"headgate.dev/restarted-at": "2027-01-15T08:00:00Z"}


def child(revision: str, age: int = 1, annotations: dict[str, str] | None = None, **own: str) -> dict[str, Any]:
    """A Deployment; `own` are its own annotations, `annotations` those of its template."""
    metadata = {"name": f"w-{revision}", "uid": f"uid-{revision}", "creationTimestamp": ago(minutes=age)}
    labels = {"headgate.dev/revision": revision}
    template = {"metadata": {"annotations": annotations or {}}}
    marks = {f"headgate.dev/{name}": value for name, value in own.items()}
    return {"metadata": {**metadata, "labels": labels, "annotations": marks}, "spec": {"template": template}}


def told(name: str, replicas: int, ready: int) -> dict[str, Any]:
    return {"name": name, "replicas": replicas, "readyReplicas": ready}


def restarted(obj: dict[str, Any]) -> dict[str, Any]:
    obj["metadata"]["annotations"] = RESTARTED
    return obj


PROGRESS = [
    pytest.param(pool(seen=False), [child("a")], None, id="the spec has not been looked at"),
    pytest.param(restarted(pool(desiredReplicas=1)), [child("a")], None, id="nor has the restart"),
    pytest.param(
        restarted(pool(desiredReplicas=2, revisions=[told("b", 1, 0), told("a", 2, 2)])),
        [child("a", 9), child("b", 1, RESTARTED)],
        "revision b: 1 of 2 workers, 2 of older ones left",
        id="new workers start while old ones drain",
    ),
    pytest.param(
        restarted(pool(desiredReplicas=2, revisions=[told("b", 1, 0), told("a", 2, 2)])),
        [child("a"), child("b", 1, RESTARTED)],
        "revision b: 1 of 2 workers, 2 of older ones left",
        id="a restart in the second in which the pool was made is seen too",
    ),
    pytest.param(
        pool(desiredReplicas=2, revisions=[told("b", 2, 2)]),
        [child("a", 9), child("b")],
        "revision b serves: 2 ready",
        id="only the newest one serves",
    ),
    pytest.param(
        pool(desiredReplicas=2, revisions=[told("b", 2, 1)]),
        [child("b")],
        "revision b: 2 of 2 workers, 0 of older ones left",
        id="the last new worker is not ready yet",
    ),
    pytest.param(
        pool(
            desiredReplicas=2,
            revisions=[told("b", 1, 0), told("a", 2, 2)],
            conditions=[said("Reconciling", "True", "NoRoom", "0/3 nodes are available")],
        ),
        [child("a", 9), child("b")],
        "revision b: 1 of 2 workers, 2 of older ones left; 0/3 nodes are available",
        id="what keeps it is told",
    ),
    pytest.param(pool(desiredReplicas=0), [child("a")], "revision a serves: 0 ready", id="a pool at nothing"),
]


@pytest.mark.parametrize(("obj", "children", "want"), PROGRESS)
def test_progress(obj: Any, children: list[Any], want: str | None) -> None:
    seen = rollouts.progress(obj, children)
    assert (seen.line if seen else None) == want


def test_a_failed_revision_ends_it() -> None:
    failed = said("Ready", "False", "RolledBack", "Revision b has failed")
    obj = pool(desiredReplicas=2, revisions=[told("a", 2, 2)], conditions=[failed])
    seen = rollouts.progress(obj, [child("a", 9), child("b", failed="its worker is not ready")])
    assert seen is not None
    assert (seen.failed, seen.done, seen.why) == (True, False, "Revision b has failed")
    again = rollouts.progress(obj, [child("a", 9), child("b")])
    assert again is not None
    assert not again.failed, "what is said is of its last time"


def test_undo_gives_way_and_trusts_the_one_before() -> None:
    old, new = child("a", 9), child("b")
    assert rollouts.before([new, old]) is old
    assert rollouts.undo(new, "b", stateful=False)["metadata"] == {
        "uid": "uid-b",
        "annotations": {"headgate.dev/failed": "headgate rollout undo"},
    }
    assert rollouts.trust(old)["metadata"]["annotations"] == {"headgate.dev/trusted": "headgate rollout undo"}
    assert rollouts.undone(child("b", failed="headgate rollout undo"))


OUTPUTS = [
    pytest.param("text", False, "wp/w: one\nwp/w: two\nwp/w: end\n", id="plain lines, each once"),
    pytest.param("text", True, "\r\x1b[Kwp/w: one\r\x1b[Kwp/w: two\nwp/w: end\n", id="one line on a terminal"),
    pytest.param(
        "json",
        True,
        '{"target":"wp/w","message":"one","n":1}\n{"target":"wp/w","message":"two","n":2}\n'
        '{"target":"wp/w","message":"end"}\n',
        id="an object each",
    ),
]


@pytest.mark.parametrize(("output", "terminal", "want"), OUTPUTS)
def test_telling(output: str, terminal: bool, want: str, capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(Target(POOLS, "w"), output, terminal=terminal)
    teller.progress("one", {"n": 1})
    teller.progress("one", {"n": 1})
    teller.progress("two", {"n": 2})
    teller.say("end", {})
    assert capsys.readouterr().out == want
