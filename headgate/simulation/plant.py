"""The plant: a queue, pods with slots, start-up times, drains and kills, from event to event.

A free slot takes the job that has waited longest; which of several free pods gets it is chance, as with a blocking pop.
Time and money are counted from a pod's creation to its end. Two ways to lose a pod are played: `drain`, where it takes
nothing new and ends when its jobs have, and `kill`, where it gets SIGTERM, finishes what it can within the grace
period, and what it cannot is waiting again, first in line.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final

GRACE_SECONDS: Final = 30.0
"""terminationGracePeriodSeconds, unless a pod says otherwise."""


@dataclass(slots=True, eq=False)
class Job:
    arrived: float
    seconds: float
    started: float = -1.0
    pod: Pod | None = None


@dataclass(slots=True, eq=False)
class Pod:
    name: int
    created: float
    ready_at: float
    revision: int = 0
    jobs: set[Job] = field(default_factory=set)
    ready: bool = False
    leaving: bool = False
    offered: bool = False
    """Whether it stands in the plant's list of pods with a free slot."""


@dataclass(slots=True)
class Toll:
    """What a run has cost so far: pod-seconds, pods removed while they ran a job, jobs that were cut off."""

    pod_seconds: float = 0.0
    busy_victims: int = 0
    jobs_cut: int = 0


class Plant:
    """`startup` is the 90th percentile of the seconds a pod takes to start. `ceiling`, if any, is the number of jobs
    that whatever is behind the workers can do at once; more only take longer.
    """

    def __init__(
        self,
        jobs: Sequence[tuple[float, float]],
        concurrency: int,
        startup: float,
        seed: int,
        ceiling: int | None = None,
    ) -> None:
        self.now = 0.0
        self.waiting: deque[Job] = deque()
        self.pods: list[Pod] = []
        self.waits: list[float] = []
        self.toll = Toll()
        self.arrived = self.completed = 0
        self.busy_seconds = self.lengths = self.squares = 0.0
        self.revision = 0
        self.starts: list[tuple[str, float]] = []
        self._jobs: Iterator[tuple[float, float]] = iter(jobs)
        self._next: tuple[float, float] | None = next(self._jobs, None)
        self._events: list[tuple[float, int, Pod, Job | None]] = []
        self._free: list[Pod] = []
        self._concurrency = concurrency
        self._startup = startup
        self._ceiling = ceiling
        self._random = Random(seed)  # noqa: S311 - a plant that can be repeated, no secret
        self._sequence = 0
        self._running = 0
        self._names = 0

    @property
    def running(self) -> int:
        return self._running

    @property
    def serving(self) -> list[Pod]:
        return [pod for pod in self.pods if not pod.leaving]

    def start(self, number: int, *, warm: bool = False) -> None:
        for _ in range(number):
            self._names += 1
            takes = 0.0 if warm else self._startup * self._random.uniform(0.6, 1.0444)
            pod = Pod(self._names, self.now, self.now + takes, self.revision)
            self.pods.append(pod)
            self._at(pod.ready_at, pod, None)

    def drain(self, pod: Pod) -> None:
        """It takes nothing new and ends with its last job."""
        pod.leaving = True
        if not pod.jobs:
            self._gone(pod)

    def resume(self, pod: Pod) -> None:
        pod.leaving = False
        self._offer(pod)

    def kill(self, pod: Pod) -> None:
        """SIGTERM, and SIGKILL after the grace period."""
        self.toll.busy_victims += bool(pod.jobs)
        self.drain(pod)
        if pod.jobs:
            self._at(self.now + GRACE_SECONDS, pod, None)

    def advance(self, until: float) -> None:
        while True:
            coming = self._next[0] if self._next is not None else until
            happening = self._events[0][0] if self._events else until
            if min(coming, happening) >= until:
                break
            if coming <= happening:
                self._arrive()
            else:
                self._happen()
        self._pass_to(until)

    def end(self) -> None:
        """Charges for the pods that are still there."""
        for pod in self.pods:
            self.toll.pod_seconds += self.now - pod.created
        # What still waits has waited at least so long.
        self.waits += [self.now - job.arrived for job in self.waiting if job.started < 0]

    def _pass_to(self, time: float) -> None:
        self.busy_seconds += self._running * (time - self.now)
        self.now = time

    def _at(self, time: float, pod: Pod, job: Job | None) -> None:
        self._sequence += 1
        heappush(self._events, (time, self._sequence, pod, job))

    def _arrive(self) -> None:
        assert self._next is not None  # noqa: S101 - for the type checker: asked by advance
        arrived, seconds = self._next
        self._pass_to(arrived)
        self._next = next(self._jobs, None)
        self.arrived += 1
        self.waiting.append(Job(arrived, seconds))
        self._dispatch()

    def _happen(self) -> None:
        time, _, pod, job = heappop(self._events)
        self._pass_to(time)
        if job is not None:
            if job.pod is pod:
                self._finish(pod, job)
        elif pod.leaving and pod.ready:
            self._cut(pod)
        elif not pod.ready and not pod.leaving:
            self._become_ready(pod)

    def _become_ready(self, pod: Pod) -> None:
        pod.ready = True
        if pod.ready_at > pod.created:
            self.starts.append((str(pod.name), self.now - pod.created))
        self._offer(pod)

    def _finish(self, pod: Pod, job: Job) -> None:
        pod.jobs.discard(job)
        job.pod = None
        self._running -= 1
        self.completed += 1
        took = self.now - job.started
        self.lengths += took
        self.squares += took**2
        if pod.leaving and not pod.jobs:
            self._gone(pod)
        else:
            self._offer(pod)

    def _cut(self, pod: Pod) -> None:
        for job in pod.jobs:
            job.pod = None
            self.waiting.appendleft(job)
        self.toll.jobs_cut += len(pod.jobs)
        self._running -= len(pod.jobs)
        pod.jobs.clear()
        self._gone(pod)
        self._dispatch()

    def _gone(self, pod: Pod) -> None:
        if pod in self.pods:
            self.pods.remove(pod)
            self.toll.pod_seconds += self.now - pod.created

    def _offer(self, pod: Pod) -> None:
        if pod.ready and not pod.leaving and not pod.offered:
            pod.offered = True
            self._free.append(pod)
        self._dispatch()

    def _dispatch(self) -> None:
        while self.waiting and self._free:
            place = self._random.randrange(len(self._free))
            pod = self._free[place]
            if pod.leaving or len(pod.jobs) >= self._concurrency:
                pod.offered = False
                self._free[place] = self._free[-1]
                self._free.pop()
            else:
                self._begin(pod, self.waiting.popleft())

    def _begin(self, pod: Pod, job: Job) -> None:
        if job.started < 0:
            self.waits.append(self.now - job.arrived)
        job.started, job.pod = self.now, pod
        pod.jobs.add(job)
        self._running += 1
        crowd = 1.0 if self._ceiling is None else max(1.0, self._running / self._ceiling)
        self._at(self.now + job.seconds * crowd, pod, job)
