"""What comes before the load: a hold, a pause, a schedule."""

from __future__ import annotations

from typing import Any

from reconciler.plans.decision import BoundBy
from tests.reconciler.phases.scaled import ScaledPool
from tests.reconciler.phases.worlds import conditions_of


async def test_a_hold_switches_scaling_off_until_it_ends() -> None:
    one = ScaledPool(hold={"replicas": 3, "until": "2027-01-15T08:00:30Z"})
    one.sees(400)
    state = await one.one_pass()
    assert state.asked == 30
    assert one.obj["status"]["desiredReplicas"] == 3
    assert conditions_of(one.obj) == ["ScalingActive=False Held: Autoscaling is off: held at 3 until 2027-01-15T08:00Z"]


async def test_a_paused_pool() -> None:
    one = ScaledPool(paused=True)
    one.sees(400)
    assert await one.decided() == (0, BoundBy.PAUSED, False)
    assert conditions_of(one.obj) == ["ScalingActive=False Paused: spec.paused is set"]


def daytime(schedule: str, **changes: Any) -> dict[str, Any]:
    return {"name": "daytime", "schedule": schedule, "duration": "10h", "minReplicas": 6, **changes}


async def test_a_schedule_raises_the_minimum_and_its_end_is_waited_for() -> None:
    one = ScaledPool(scaling={"maxReplicas": 10, "schedules": [daytime("0 8 * * 1-5", timeZone="Europe/Berlin")]})
    one.sees(0)
    state = await one.one_pass()
    assert state.decision is not None
    assert (state.decision.to, state.decision.bound_by) == (6, BoundBy.SCHEDULE)
    assert state.asked == 9 * 3600, "it began at 8 in Berlin, an hour ago"
    assert one.obj["status"]["summary"] == "at the 6 of schedule daytime"


async def test_the_next_beginning_is_waited_for() -> None:
    one = ScaledPool(scaling={"maxReplicas": 10, "schedules": [daytime("30 8 * * *")]})
    one.sees(0)
    assert (await one.one_pass()).asked == 1800
    assert one.obj["status"]["desiredReplicas"] == 1


async def test_a_schedule_that_means_nothing_is_named_and_the_others_hold() -> None:
    schedules = [daytime("0 25 * * *", name="never"), daytime("0 8 * * *")]
    one = ScaledPool(scaling={"maxReplicas": 10, "schedules": schedules})
    one.sees(0)
    assert await one.decided() == (6, BoundBy.SCHEDULE, True)
    assert conditions_of(one.obj)[0] == (
        "ScalingActive=True ScheduleInvalid: "
        "Replicas follow the queues, but schedule never: hour: 25 is not within 0 to 23"
    )
