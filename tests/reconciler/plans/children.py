"""Children and their pods for tests of removals: a Deployment, or a StatefulSet, of workers that are ready and busy."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reconciler.plans.child import Child, Pod, Request
from reconciler.workers import Activity, WorkerState

NOW: Final = 1_000.0
OURS: Final = Request("ScaleDown", NOW - 10)
USERS: Final = Request("User", NOW - 10)
NODES: Final = Request("NodeMaintenance", NOW - 10)
LONG_AGO: Final = Request("ScaleDown", NOW - 10_000)
DRAINED: Final = WorkerState(Activity.DRAINED, jobs=0, running=0)
BUSY: Final = WorkerState(Activity.BUSY, jobs=1, running=1)


def pod(name: str, worker: WorkerState = BUSY, request: Request | None = None, **more: object) -> Pod:
    made = Pod(name=name, uid=name, version="1", container=f"c-{name}", request=request, worker=worker)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields of Pod, by name


def ordinal(place: int, worker: WorkerState = BUSY, request: Request | None = None, **more: object) -> Pod:
    """The pod at a place of the StatefulSet `w`."""
    return pod(f"w-{place}", worker, request, ordinal=place, **more)


def marked(one: Pod) -> Pod:
    return replace(one, bound=one.container)


def child(*pods: Pod, keep: int, **more: object) -> Child:
    made = Child(name="w", uid="u", version="1", replicas=len(pods), keep=keep, now=NOW, pods=pods)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields of Child, by name


def ordered(*pods: Pod, keep: int, **more: object) -> Child:
    """A StatefulSet."""
    return child(*pods, keep=keep, ordered=True, **more)
