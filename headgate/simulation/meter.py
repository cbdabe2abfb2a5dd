"""What a reconciler reads of a queue, poll by poll, through the code that it measures real queues with."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.simulation.line import Line
from reconciler.plans import flow
from reconciler.plans.flow import Flow, Step


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
        self._last = Counts()

    def read(self, line: Line, now: float) -> None:
        counts, last = _counts(line), self._last
        step = Step(
            arrived=counts.arrived - last.arrived,
            completed=counts.completed - last.completed,
            busy=counts.busy - last.busy,
            runs=counts.completed - last.completed,
            lengths=counts.lengths - last.lengths,
            squares=counts.squares - last.squares,
        )
        self.flow = flow.begun(now) if self.flow is None else self.flow.stepped(now, step)
        self._last = counts

    def blind(self, line: Line, now: float) -> None:
        """A reading that failed: what happened since the last one is never told."""
        if self.flow is not None:
            self.flow = self.flow.stepped(now, Step())
        self._last = _counts(line)


def _counts(line: Line) -> Counts:
    return Counts(line.arrived, line.completed, line.busy_seconds, line.lengths, line.squares)
