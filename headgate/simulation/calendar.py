"""Which schedule of a pool is in force at a second of a run, as the reconciler works it out."""

from __future__ import annotations

from datetime import datetime, timedelta

from headgate.simulation.settings import Settings
from reconciler.plans import facts
from reconciler.plans.schedules import AHEAD, InForce, in_force


class Calendar:
    """Asked with times that only grow, so it is looked at anew when something begins or ends."""

    def __init__(self, settings: Settings) -> None:
        self._own = settings
        self._found: InForce | None = None
        self._until = settings.begin

    def at(self, second: float) -> facts.Schedule | None:
        if not self._own.schedules:
            return None
        now = self._own.begin + timedelta(seconds=second)
        if self._found is None or now >= self._until:
            self._found, self._until = self._looked_up(now)
        schedule = self._found.schedule
        return facts.Schedule(schedule.name, schedule.replicas) if schedule is not None else None

    def lowest(self, second: float) -> int:
        """The replicas that the pool has at least, whatever its jobs need."""
        schedule = self.at(second)
        scheduled = schedule.replicas if schedule is not None else 0
        return min(max(self._own.min_replicas, scheduled), self._own.max_replicas)

    def _looked_up(self, now: datetime) -> tuple[InForce, datetime]:
        found = in_force(self._own.schedules, now)
        return found, found.changes or now + AHEAD
