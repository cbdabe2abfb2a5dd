"""What the workers of a pool say of themselves, and when that proves one of them idle.

A status record speaks for one worker process of one pod. It proves the pod idle when it says Drained with nothing
fetched, held or running, is fresh, and was written by the broker's clock after a fence: a broker time that was read
after the pod had been seen with this very container and this very drain request. Since a container never comes back
and the latch stays closed while the request stands, what is written after the fence cannot be about anything else.
Where the broker itself keeps an account of what an instance has in flight, that has to be empty too.
A pod may run several processes; each must prove itself. Anything else is busy or unknown, and unknown is not idle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from reconciler.brokers.observation import Observation
from reconciler.brokers.records import Record, State, parse

REPLACED_SECONDS: Final = 30.0
"""What a restarted pod has not said for so long, an earlier container has said: by then any other worker may take its
jobs over. In a pod that never restarted it is a process that hangs, and blocks."""


class Activity(StrEnum):
    BUSY = "Busy"
    IDLE = "Idle"
    """Nothing runs, but it may fetch something at any moment."""
    DRAINED = "Drained"
    """Proved: nothing runs and nothing will."""
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class WorkerState:
    """All processes of one pod together. `jobs` are run or held, None while unknown. `heard` is whether anybody has a
    word of it, however old or garbled; None where not everybody could be asked.
    """

    activity: Activity = Activity.UNKNOWN
    jobs: int | None = None
    running: int | None = None
    succeeded: int = 0
    config_generations: frozenset[str] = frozenset()
    heard: bool | None = None


UNKNOWN: Final = WorkerState()


@dataclass(frozen=True, slots=True)
class Asked:
    """A pod as it was seen: which container, how many came before it, and which drain request stood on it."""

    uid: str
    name: str
    container: str = ""
    request: str = ""
    restarts: int = 0


@dataclass
class Fences:
    """For each pod the broker times after which a record is about its present container and request.

    In memory only: forgetting costs one more look, never a wrong proof.
    """

    _pods: dict[str, tuple[Asked, dict[str, float]]] = field(default_factory=dict)

    def seen(self, pods: Iterable[Asked]) -> None:
        """Take note of pods as they have just been listed; what is not among them is forgotten."""
        kept: dict[str, tuple[Asked, dict[str, float]]] = {}
        for pod in pods:
            before = self._pods.get(pod.uid)
            same = before is not None and (before[0].container, before[0].request) == (pod.container, pod.request)
            kept[pod.uid] = (pod, before[1] if before is not None and same else {})
        self._pods = kept

    def read(self, queue: str, broker_time: float) -> None:
        """The broker told its time, having been asked after the pods were listed."""
        for _, times in self._pods.values():
            times.setdefault(queue, broker_time)

    def of(self, pod: Asked, queue: str) -> float | None:
        known = self._pods.get(pod.uid)
        if known is None or (known[0].container, known[0].request) != (pod.container, pod.request):
            return None
        return known[1].get(queue)


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one queue's broker keeps of one process: its record, None when it is garbage, and its jobs."""

    record: Record | None
    queue: str
    broker_time: float
    kept: int = 0

    @property
    def age(self) -> float:
        return self.broker_time - self.record.time if self.record else 0.0

    @property
    def fresh(self) -> bool:
        return self.record is not None and not self.record.stale(self.broker_time)


_Process = list[_Voice]
"""One process as every queue it serves knows it."""


def states(
    pods: Collection[Asked], observations: Mapping[str, Observation], fences: Fences, *, everywhere: bool = False
) -> dict[str, WorkerState]:
    """The state of each pod by uid, from what the broker of each queue said; `everywhere` if every queue was read."""
    processes = _processes(observations)
    complete = not any(observation.records_left_out for observation in observations.values())
    found = {pod.uid: _state(pod, processes.get(pod.name, {}), fences, complete=complete) for pod in pods}
    if not (everywhere and complete):
        return found
    return {uid: replace(state, heard=False) if state.heard is None else state for uid, state in found.items()}


def _processes(observations: Mapping[str, Observation]) -> dict[str, dict[str, _Process]]:
    """By pod and instance. The instance begins with the pod's name, which is known even where a record is garbage."""
    pods: dict[str, dict[str, _Process]] = {}
    for queue, observation in observations.items():
        for instance, text in observation.records.items():
            kept = observation.kept.get(instance, 0)
            voice = _Voice(parse(instance, text), queue, observation.time, kept)
            pods.setdefault(instance.rpartition(".")[0], {}).setdefault(instance, []).append(voice)
    return pods


def _state(pod: Asked, processes: Mapping[str, _Process], fences: Fences, *, complete: bool) -> WorkerState:
    present = [process for process in processes.values() if not all(_is_past(voice, pod) for voice in process)]
    newest = [record for process in present if (record := _newest(process)) is not None]
    if not newest:
        return WorkerState(heard=True) if present else UNKNOWN
    # A worker of several queues tells all its jobs to each of their brokers, which keep their own ones.
    kept = sum(voice.kept for process in present for voice in process)
    jobs = max(sum(record.in_flight for record in newest), kept)
    return WorkerState(
        activity=_activity(pod, present, jobs, fences, complete=complete),
        jobs=jobs,
        running=sum(record.running for record in newest),
        succeeded=sum(record.succeeded for record in newest),
        config_generations=frozenset(record.config_generation for record in newest),
        heard=True,
    )


def _activity(pod: Asked, present: list[_Process], jobs: int, fences: Fences, *, complete: bool) -> Activity:
    if jobs:
        return Activity.BUSY
    if not all(_newest(process) for process in present):
        return Activity.UNKNOWN
    if pod.request and complete and all(_proves(process, pod, fences) for process in present):
        return Activity.DRAINED
    return Activity.IDLE


def _newest(process: _Process) -> Record | None:
    """The process's last word; None when it is too old, or when any of its words is garbage."""
    if any(voice.record is None for voice in process):
        return None
    fresh = [voice for voice in process if voice.fresh]
    return min(fresh, key=lambda voice: voice.age).record if fresh else None


def _is_past(voice: _Voice, pod: Asked) -> bool:
    """Whether a record was left behind by an earlier pod of this name, or by an earlier container of this pod."""
    record = voice.record
    if record is None:
        return False
    if record.pod_uid != pod.uid:
        return bool(record.pod_uid)
    return pod.restarts > 0 and voice.age > REPLACED_SECONDS


def _proves(process: _Process, pod: Asked, fences: Fences) -> bool:
    """Whether all that this process says, to whichever broker it still reaches, proves it drained."""
    fresh = [voice for voice in process if voice.fresh]
    return bool(fresh) and all(_voice_proves(voice, pod, fences) for voice in fresh)


def _voice_proves(voice: _Voice, pod: Asked, fences: Fences) -> bool:
    record, fence = voice.record, fences.of(pod, voice.queue)
    return (
        record is not None
        and fence is not None
        and record.pod_uid == pod.uid
        and record.state is State.DRAINED
        and record.time > fence
        and record.rests
    )
