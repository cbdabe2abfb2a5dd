"""The plant: queues, the crews of the pools that work them off, start-up times, drains and kills, from event to event.

A free slot takes the job that has waited longest, of the first queue in its pool's list that has one whose rate limit
lets it begin, or of any such queue by chance, where queues have weights; which of several free pods gets it is chance
too, as with a blocking pop. Pools that name the same queue work it off together. Time and money are counted from a
pod's creation to its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from math import inf
from random import Random

from headgate.simulation.crew import Crew
from headgate.simulation.line import Job, Line, Pod
from headgate.simulation.settings import Settings, queue_names
from headgate.simulation.work import Arrival


class Plant:
    """`ceiling`, if any, is the number of jobs that whatever is behind the workers can do at once; more only take
    longer. `quota`, if any, is the number of pods that the API server lets be. `lines` are the queues of all pools,
    each once and as the first pool that names it says.
    """

    def __init__(
        self,
        jobs: Sequence[Arrival],
        pools: Sequence[Settings],
        seed: int,
        ceiling: int | None = None,
        quota: int | None = None,
    ) -> None:
        self.now = 0.0
        self.random = Random(seed)  # noqa: S311 - a plant that can be repeated, no secret
        queues = {queue.name: queue for pool in reversed(pools) for queue in pool.queues}
        lines = {name: Line(queues[name]) for name in queue_names(pools)}
        self.lines = list(lines.values())
        self.crews = [Crew(self, place, own, [lines[name] for name in own.names]) for place, own in enumerate(pools)]
        self._jobs: Iterator[Arrival] = iter(jobs)
        self._next: Arrival | None = next(self._jobs, None)
        self._events: list[tuple[float, int, Pod | None, Job | None]] = []
        self._ceiling = ceiling
        self._quota = quota
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
    def room(self) -> float:
        """So many more pods may be started."""
        return inf if self._quota is None else max(0, self._quota - sum(len(crew.pods) for crew in self.crews))

    def name(self) -> int:
        """A name for another pod."""
        self._names += 1
        return self._names

    def at(self, time: float, pod: Pod | None, job: Job | None = None) -> None:
        self._sequence += 1
        heappush(self._events, (time, self._sequence, pod, job))

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
        for crew in self.crews:
            crew.end()
        for line in self.lines:
            line.end(self.now)

    def dispatch(self) -> None:
        """Free slots take the jobs that they can."""
        while (found := self._taken()) is not None:
            crew, line = found
            pod = crew.taker()
            if pod is not None:
                self._begin(pod, line)

    def _pass_to(self, time: float) -> None:
        for line in self.lines:
            line.busy_seconds += line.running * (time - self.now)
        self.now = time

    def _arrive(self) -> None:
        assert self._next is not None  # noqa: S101 - for the type checker: asked by advance
        arrival = self._next
        self._pass_to(arrival.at)
        self._next = next(self._jobs, None)
        line = self.lines[arrival.queue]
        line.arrived += 1
        line.waiting.append(Job(*arrival))
        self.dispatch()

    def _happen(self) -> None:
        time, _, pod, job = heappop(self._events)
        self._pass_to(time)
        if pod is None:
            self._opens = None
            self.dispatch()
        elif job is not None:
            if job.pod is pod:
                self._finish(pod, job)
        elif pod.leaving and pod.ready:
            self._cut(pod)
        elif not pod.ready and not pod.leaving:
            self.crews[pod.pool].become_ready(pod)

    def _finish(self, pod: Pod, job: Job) -> None:
        pod.jobs.discard(job)
        job.pod = None
        self.lines[job.queue].finish(self.now - job.started)
        if pod.leaving and not pod.jobs:
            self.crews[pod.pool].gone(pod)
        else:
            self.crews[pod.pool].offer(pod)

    def _cut(self, pod: Pod) -> None:
        crew = self.crews[pod.pool]
        for job in sorted(pod.jobs, key=lambda job: job.arrived, reverse=True):
            job.pod = None
            self.lines[job.queue].give_back(job)
        crew.toll.jobs_cut += len(pod.jobs)
        pod.jobs.clear()
        crew.gone(pod)
        self.dispatch()

    def _taken(self) -> tuple[Crew, Line] | None:
        """Whose free slot takes its next job from which queue. Where only rate limits are in the way, it is come back
        to when the first of them opens.
        """
        free = [crew for crew in self.crews if crew.free]
        if not free:
            return None
        opening = [(opens, line) for line in self.lines if (opens := line.opens(self.now)) is not None]
        ready = [line for opens, line in opening if opens <= self.now]
        able = [(crew, own) for crew in free if (own := [line for line in crew.lines if line in ready])]
        if not able:
            if later := [opens for opens, _ in opening if opens > self.now]:
                self._come_back(min(later))
            return None
        crew, own = able[0] if len(able) == 1 else self._by_free_pods(able)
        return crew, crew.line(own)

    def _by_free_pods(self, able: Sequence[tuple[Crew, list[Line]]]) -> tuple[Crew, list[Line]]:
        return self.random.choices(able, [len(crew.free) for crew, _ in able])[0]

    def _come_back(self, time: float) -> None:
        if self._opens is None or time < self._opens:
            self._opens = time
            self.at(time, None)

    def _begin(self, pod: Pod, line: Line) -> None:
        job = line.begin(self.now)
        job.pod = pod
        pod.jobs.add(job)
        crowd = 1.0 if self._ceiling is None else max(1.0, self.running / self._ceiling)
        self.at(self.now + job.seconds * crowd, pod, job)
