"""What wakes whom, by a watch or by the answer to a write of our own."""

from __future__ import annotations

from typing import Any, Final

from reconciler.keys import Key
from reconciler.workqueue import WorkQueue
from reconciler.world import World
from tests.reconciler.builders import pod, pool, queue

KEY: Final = Key("WorkerPool", "shop", "thumbnails")


class Watching:
    """A world that has seen one pool, and whose queue has been worked off."""

    def __init__(self) -> None:
        self.queue: WorkQueue[Key] = WorkQueue()
        self.world = World(self.queue)
        self.world.seen("put", stored("10", generation=1))
        self.worked_off()

    def worked_off(self) -> list[Key]:
        found = []
        while (taken := self.queue.agenda.take(self.queue.monotonic())) is not None:
            found.append(taken[0])
            self.queue.agenda.done(taken[0])
        return found


def stored(version: str, generation: int, **status: Any) -> dict[str, Any]:
    obj = pool("thumbnails", "thumbnails", namespace="shop")
    obj["metadata"] |= {"uid": "u", "resourceVersion": version, "generation": generation}
    return {**obj, "status": status}


def test_our_own_status_wakes_nobody() -> None:
    watching = Watching()
    watching.world.answered(stored("11", generation=1, desiredReplicas=2), stored("10", generation=1))
    watching.world.seen("put", stored("11", generation=1, desiredReplicas=2))
    assert watching.worked_off() == []


def test_an_edit_that_comes_with_the_answer_to_our_own_write_is_worked() -> None:
    """It was made while we wrote, and the watch tells of both later."""
    watching = Watching()
    watching.world.answered(stored("12", generation=2, desiredReplicas=2), stored("10", generation=1))
    assert watching.worked_off() == [KEY]
    watching.world.seen("put", stored("11", generation=2))
    watching.world.seen("put", stored("12", generation=2, desiredReplicas=2))
    assert watching.worked_off() == []
    held = watching.world.store.get(KEY)
    assert held is not None
    assert held["metadata"]["resourceVersion"] == "12"


def test_what_came_to_light_by_the_watch_before_the_answer_is_worked_once() -> None:
    watching = Watching()
    watching.world.seen("put", stored("11", generation=2))
    watching.world.answered(stored("12", generation=2, desiredReplicas=2), stored("10", generation=1))
    assert watching.worked_off() == [KEY]


def test_the_answer_to_a_queue_wakes_its_pools_like_the_watch_does() -> None:
    watching = Watching()
    made, edited = queue("thumbnails", generation=1), queue("thumbnails", generation=2)
    watching.world.seen("put", made)
    watching.worked_off()
    watching.world.answered(edited, made)
    assert set(watching.worked_off()) == {KEY, Key("Queue", "shop", "thumbnails")}


def test_the_policy_engine_hears_of_answers_too() -> None:
    watching = Watching()
    watching.world.answered(stored("11", generation=1) | {"spec": {"queues": [{"name": "other"}]}}, stored("10", 1))
    assert watching.world.snapshot.pools_of_queue("shop", "other") == {"thumbnails"}


def worker() -> dict[str, Any]:
    made = pod("thumbnails-1", stored("10", generation=1), namespace="shop")
    containers = [{"name": "worker", "image": "i"}]
    return {
        **made,
        "spec": {"containers": containers, "volumes": [{"name": "data"}]},
        "status": {"hostIP": "192.0.2.1"},
    }


def test_our_own_write_to_a_worker_that_was_listed_whole_wakes_nobody() -> None:
    watching = Watching()
    watching.world.seen("put", listed := worker())
    watching.worked_off()
    watching.world.answered(worker(), listed)
    assert watching.worked_off() == []
