"""The pods of one pool in a plant: what its law sees of them, and how they are started and removed.

Two ways to lose a pod are played: `drain`, where it takes nothing new and ends when its jobs have, and `kill`, where it
gets SIGTERM, finishes what it can within the grace period, and what it cannot is waiting again, first in line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.simulation.line import Line, Pod
from headgate.simulation.settings import Settings

if TYPE_CHECKING:
    from headgate.simulation.plant import Plant

GRACE_SECONDS: Final = 30.0
"""terminationGracePeriodSeconds, unless a pod says otherwise."""


@dataclass(slots=True)
class Toll:
    """What a run has cost so far: pod-seconds, pods removed while they ran a job, jobs that were cut off."""

    pod_seconds: float = 0.0
    busy_victims: int = 0
    jobs_cut: int = 0


class Crew:
    """`lines` are the pool's queues in its own order, which other crews of the plant may work off too. `starts` are the
    seconds that pods took to start, by name, until its law has taken note of them. `place` is that among the plant's.
    """

    def __init__(self, plant: Plant, place: int, own: Settings, lines: Sequence[Line]) -> None:
        self.own = own
        self.lines = lines
        self.pods: list[Pod] = []
        self.free: list[Pod] = []
        self.starts: list[tuple[str, float]] = []
        self.toll = Toll()
        self.revision = 0
        self.place = place
        self._plant = plant
        self._weights = [queue.weight or 1 for queue in own.queues]

    @property
    def mates(self) -> Sequence[Crew]:
        """All crews of the plant, by their places."""
        return self._plant.crews

    @property
    def now(self) -> float:
        return self._plant.now

    @property
    def serving(self) -> list[Pod]:
        return [pod for pod in self.pods if not pod.leaving]

    def start(self, number: int, *, warm: bool = False) -> None:
        """As many as the plant has room for."""
        for _ in range(int(min(number, self._plant.room))):
            takes = 0.0 if warm else self.own.startup * self._plant.random.uniform(0.6, 1.0444)
            pod = Pod(self._plant.name(), self.now, self.now + takes, self.place, self.revision)
            self.pods.append(pod)
            self._plant.at(pod.ready_at, pod)

    def drain(self, pod: Pod) -> None:
        """It takes nothing new and ends with its last job."""
        pod.leaving = True
        if not pod.jobs:
            self.gone(pod)

    def resume(self, pod: Pod) -> None:
        pod.leaving = False
        self.offer(pod)

    def kill(self, pod: Pod) -> None:
        """SIGTERM, and SIGKILL after the grace period."""
        self.toll.busy_victims += bool(pod.jobs)
        self.drain(pod)
        if pod.jobs:
            self._plant.at(self.now + GRACE_SECONDS, pod)

    def become_ready(self, pod: Pod) -> None:
        pod.ready = True
        if pod.ready_at > pod.created:
            self.starts.append((str(pod.name), self.now - pod.created))
        self.offer(pod)

    def offer(self, pod: Pod) -> None:
        """It has a free slot, if it has one."""
        if pod.ready and not pod.leaving and not pod.offered:
            pod.offered = True
            self.free.append(pod)
        self._plant.dispatch()

    def taker(self) -> Pod | None:
        """A pod with a free slot, by chance; None where the one that chance has named has none any more."""
        place = self._plant.random.randrange(len(self.free))
        pod = self.free[place]
        if not pod.leaving and len(pod.jobs) < self.own.concurrency:
            return pod
        pod.offered = False
        self.free[place] = self.free[-1]
        self.free.pop()
        return None

    def line(self, ready: Sequence[Line]) -> Line:
        """The one of these queues, which are its own and have a job that may begin, of which a free slot takes it."""
        if len(ready) == 1 or self.own.in_order:
            return ready[0]
        weights = [weight for line, weight in zip(self.lines, self._weights, strict=True) if line in ready]
        return self._plant.random.choices(ready, weights)[0]

    def gone(self, pod: Pod) -> None:
        if pod in self.pods:
            self.pods.remove(pod)
            self.toll.pod_seconds += self.now - pod.created

    def end(self) -> None:
        """Charges for the pods that are still there."""
        for pod in self.pods:
            self.toll.pod_seconds += self.now - pod.created
