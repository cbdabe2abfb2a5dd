"""What a reconciler reads of the plant, poll by poll, through the code that it measures real queues with."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.simulation.plant import Plant
from reconciler.plans import flow
from reconciler.plans.flow import Flow, Step
from reconciler.plans.startup import Startups


@dataclass(frozen=True, slots=True)
class Counts:
    arrived: int = 0
    completed: int = 0
    busy: float = 0.0
    lengths: float = 0.0
    squares: float = 0.0


class Meter:
    """`flow` is None until the first reading; a reading that fails is told by `blind`."""

    def __init__(self) -> None:
        self.flow: Flow | None = None
        self.startups = Startups()
        self._last = Counts()

    def read(self, plant: Plant) -> None:
        self.startups.saw(plant.starts)
        plant.starts.clear()
        now, last = _counts(plant), self._last
        step = Step(
            arrived=now.arrived - last.arrived,
            completed=now.completed - last.completed,
            busy=now.busy - last.busy,
            runs=now.completed - last.completed,
            lengths=now.lengths - last.lengths,
            squares=now.squares - last.squares,
        )
        self.flow = flow.begun(plant.now) if self.flow is None else self.flow.stepped(plant.now, step)
        self._last = now

    def blind(self, plant: Plant) -> None:
        """A reading that failed: what happened since the last one is never told."""
        if self.flow is not None:
            self.flow = self.flow.stepped(plant.now, Step())
        self._last = _counts(plant)


def _counts(plant: Plant) -> Counts:
    return Counts(plant.arrived, plant.completed, plant.busy_seconds, plant.lengths, plant.squares)
