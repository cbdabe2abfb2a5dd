"""How the workers of a pool show that they are idle, chosen by the layouts of its queues. Pure, and the data behind it.

A worker that keeps the contract tells of itself. For libraries that do not know the contract an agent beside the worker
looks at the broker and writes the record. Where neither is to be had there is only the library's own warm stop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Way(StrEnum):
    """`status.drainMethod`, but for who has not been heard yet."""

    CONTRACT = "StatusRecord"
    """The worker keeps docs/worker-contract.md."""
    BROKER = "Broker"
    """The agent sees at the broker, or by the end of the worker's process, that nothing runs, and writes the record."""
    WARM_STOP = "WarmStop"
    """SIGTERM, and the grace period; nothing is proved."""


class Quiet(StrEnum):
    """What has a library take nothing new."""

    CONTRACT = "the drain request in a file"
    CONTROL = "cancel_consumer over its control channel"
    SIGNAL = "TSTP through its signals in Redis"
    WRAPPED = "its warm stop, under headgate-wait"


@dataclass(frozen=True, slots=True)
class Library:
    """`layout` is empty for those that Queues cannot name. `spoken` says that the agent comes without being asked for.
    `back` is what a worker does that is called back, `sigterm` what the library does by itself on SIGTERM.
    """

    name: str
    layout: str
    quiet: Quiet
    proof: str
    back: str
    sigterm: str
    spoken: bool = False


_ENDED: Final = "its process has ended"
_AGAIN: Final = "is started again"
LIBRARIES: Final = (
    Library(
        "the worker contract",
        "List, Stream",
        Quiet.CONTRACT,
        "its own record says Drained",
        "goes on",
        "finishes what runs",
    ),
    Library(
        "Celery 5",
        "Celery",
        Quiet.CONTROL,
        "two answers: nothing active, reserved or due within 2m",
        "goes on",
        "finishes what runs, gives back what it prefetched",
        spoken=True,
    ),
    Library(
        "Sidekiq 8",
        "Sidekiq",
        Quiet.SIGNAL,
        "two heartbeats, 10s apart: quiet, and nothing busy",
        "is started anew, once it rests",
        "finishes what ends within -t (25s), pushes back the rest",
        spoken=True,
    ),
    Library("RQ 3", "RQ", Quiet.WRAPPED, _ENDED, _AGAIN, "finishes what runs; a second SIGTERM kills it", spoken=True),
    Library("go-redis-work-queue", "GoRedisWorkQueue", Quiet.WRAPPED, _ENDED, _AGAIN, "see its version"),
    Library("Asynq", "Asynq", Quiet.WRAPPED, _ENDED, _AGAIN, "waits ShutdownTimeout (8s), then requeues"),
    Library("BullMQ", "BullMQ", Quiet.WRAPPED, _ENDED, _AGAIN, "nothing, unless the application calls worker.close()"),
    Library("Dramatiq", "", Quiet.WRAPPED, _ENDED, _AGAIN, "finishes what runs (600s), gives back what it prefetched"),
    Library("Huey", "", Quiet.WRAPPED, _ENDED, _AGAIN, "drops what runs: use headgate-wait --signal INT"),
    Library(
        "Taskiq", "", Quiet.WRAPPED, _ENDED, _AGAIN, "finishes what runs; what it prefetched waits for idle_timeout"
    ),
    Library("arq", "", Quiet.WRAPPED, _ENDED, _AGAIN, "cancels what runs, unless job_completion_wait is set"),
)
SPOKEN: Final = frozenset(library.layout for library in LIBRARIES if library.spoken)
BY_HOST: Final = frozenset({"Celery", "Sidekiq"})
"""Layouts whose processes are told apart by their host's name, which is the pod's."""


def way(method: str, layouts: Collection[str], *, agent: bool, host_network: bool = False) -> Way:
    """`method` is drain.method as it is in force, `agent` whether there is an image for one.

    Auto has the agent speak where it knows how to; a worker of such a library that keeps the contract itself says
    AdminAPI. Pods that share the host's name cannot be told apart at the broker.
    """
    if method == "Signal":
        return Way.WARM_STOP
    spoken = bool(layouts) and all(layout in SPOKEN for layout in layouts)
    confused = host_network and bool(BY_HOST.intersection(layouts))
    if not agent or confused or method == "AdminAPI":
        return Way.CONTRACT
    return Way.BROKER if spoken or method == "Broker" else Way.CONTRACT


def way_of(
    method: str, queues: Collection[Mapping[str, Any]], template: Mapping[str, Any] | None, *, agent: bool
) -> Way:
    """The same for Queue objects and a pool's `spec.template`."""
    pod = (template or {}).get("spec") or {}
    return way(method, layouts_of(queues), agent=agent, host_network=bool(pod.get("hostNetwork")))


def spoken_to(queues: Collection[Mapping[str, Any]]) -> bool:
    """Whether the agent has workers take nothing new; all others end by themselves, under headgate-wait."""
    return all(layout in BY_HOST for layout in layouts_of(queues))


def layouts_of(queues: Collection[Mapping[str, Any]]) -> list[str]:
    return [(queue["spec"]["broker"].get("redis") or {}).get("layout", "") for queue in queues]
