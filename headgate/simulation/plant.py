"""The plant: queues, pods with slots, start-up times, drains and kills, from event to event.

A free slot takes the job that has waited longest, of the first queue in the list that has one whose rate limit lets it
begin, or of any such queue by chance, where queues have weights; which of several free pods gets it is chance too, as
with a blocking pop.
Time and money are counted from a pod's creation to its end. Two ways to lose a pod are played: `drain`, where it takes
nothing new and ends when its jobs have, and `kill`, where it gets SIGTERM, finishes what it can within the grace
period, and what it cannot is waiting again, first in line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Final

from headgate.simulation.line import Job, Line, Pod
from headgate.simulation.settings import Settings
from headgate.simulation.work import Arrival

GRACE_SECONDS: Final = 30.0
"""terminationGracePeriodSeconds, unless a pod says otherwise."""


@dataclass(slots=True)
class Toll:
    """What a run has cost so far: pod-seconds, pods removed while they ran a job, jobs that were cut off."""

    pod_seconds: float = 0.0
    busy_victims: int = 0
    jobs_cut: int = 0


class Plant:
    """`ceiling`, if any, is the number of jobs that whatever is behind the workers can do at once; more only take
    longer. `lines` are the pool's queues.
    """

    def __init__(self, jobs: Sequence[Arrival], settings: Settings, seed: int, ceiling: int | None = None) -> None:
        self.now = 0.0
        self.lines = [Line(own) for own in settings.queues]
        self.pods: list[Pod] = []
        self.toll = Toll()
        self.revision = 0
        self.starts: list[tuple[str, float]] = []
        self._jobs: Iterator[Arrival] = iter(jobs)
        self._next: Arrival | None = next(self._jobs, None)
        self._events: list[tuple[float, int, Pod | None, Job | None]] = []
        self._free: list[Pod] = []
        self._own = settings
        self._ceiling = ceiling
        self._random = Random(seed)  # noqa: S311 - a plant that can be repeated, no secret
        self._sequence = 0
        self._names = 0
        self._opens: float | None = None

    @property
    def running(self) -> int:
        return sum(line.running for line in self.lines)

    @property
    def waiting(self) -> int:
        return sum(len(line.waiting) for line in self.lines)

    @property
    def serving(self) -> list[Pod]:
        return [pod for pod in self.pods if not pod.leaving]

    def start(self, number: int, *, warm: bool = False) -> None:
        for _ in range(number):
            self._names += 1
            takes = 0.0 if warm else self._own.startup * self._random.uniform(0.6, 1.0444)
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
        for line in self.lines:
            line.end(self.now)

    def _pass_to(self, time: float) -> None:
        for line in self.lines:
            line.busy_seconds += line.running * (time - self.now)
        self.now = time

    def _at(self, time: float, pod: Pod | None, job: Job | None) -> None:
        self._sequence += 1
        heappush(self._events, (time, self._sequence, pod, job))

    def _arrive(self) -> None:
        assert self._next is not None  # noqa: S101 - for the type checker: asked by advance
        arrival = self._next
        self._pass_to(arrival.at)
        self._next = next(self._jobs, None)
        line = self.lines[arrival.queue]
        line.arrived += 1
        line.waiting.append(Job(*arrival))
        self._dispatch()

    def _happen(self) -> None:
        time, _, pod, job = heappop(self._events)
        self._pass_to(time)
        if pod is None:
            self._opens = None
            self._dispatch()
        elif job is not None:
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
        self.lines[job.queue].finish(self.now - job.started)
        if pod.leaving and not pod.jobs:
            self._gone(pod)
        else:
            self._offer(pod)

    def _cut(self, pod: Pod) -> None:
        for job in sorted(pod.jobs, key=lambda job: job.arrived, reverse=True):
            job.pod = None
            self.lines[job.queue].give_back(job)
        self.toll.jobs_cut += len(pod.jobs)
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
        while self._free and (line := self._line()) is not None:
            place = self._random.randrange(len(self._free))
            pod = self._free[place]
            if pod.leaving or len(pod.jobs) >= self._own.concurrency:
                pod.offered = False
                self._free[place] = self._free[-1]
                self._free.pop()
            else:
                self._begin(pod, line)

    def _line(self) -> Line | None:
        """The queue that a free slot takes its next job from. Where only a rate limit is in the way, it is come back to
        when the first of them opens.
        """
        opening = [(opens, line) for line in self.lines if (opens := line.opens(self.now)) is not None]
        ready = [line for opens, line in opening if opens <= self.now]
        if len(ready) > 1 and not self._own.in_order:
            return self._random.choices(ready, [line.weight for line in ready])[0]
        if not ready and opening:
            self._come_back(min(opens for opens, _ in opening))
        return ready[0] if ready else None

    def _come_back(self, time: float) -> None:
        if self._opens is None or time < self._opens:
            self._opens = time
            self._at(time, None, None)

    def _begin(self, pod: Pod, line: Line) -> None:
        job = line.begin(self.now)
        job.pod = pod
        pod.jobs.add(job)
        crowd = 1.0 if self._ceiling is None else max(1.0, self.running / self._ceiling)
        self._at(self.now + job.seconds * crowd, pod, job)
