"""How many replicas a pool has: bounds, targets, schedules, and the hold that switches all of it off."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from crds.v1 import scaling_rules
from crds.v1.base import Model
from crds.v1.behavior import Behavior
from crds.v1.lists import map_by
from crds.v1.scalars import DNSLabel, Form, Int, PositiveDur, Replicas, ShortText, Time

Cron = Annotated[
    str,
    Field(
        pattern=r"^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)"
        r"|[-0-9A-Za-z*/,]{1,60}( [-0-9A-Za-z*/,]{1,60}){4})$",
        max_length=128,
    ),
    Form("cron", 'must be five cron fields such as "0 8 * * 1-5", or @daily and the like'),
]
TimeZone = Annotated[
    str,
    Field(pattern="^[A-Za-z][-+A-Za-z0-9_]*(/[A-Za-z][-+A-Za-z0-9_]*){0,2}$", max_length=64),
    Form("time zone", "must be a time zone such as Europe/Berlin or UTC"),
]


class Wait(Model):
    target: PositiveDur
    """How long a job may wait between enqueue and start."""
    percentile: Annotated[Int | None, Field(ge=50, le=99, json_schema_extra={"format": "int32"})] = None
    """For how many jobs of 100 the target holds, 50 to 99. Absent: 95."""


class Fallback(Model):
    after: PositiveDur | None = None
    """How long the broker must have been unreadable. Absent: 10m."""
    replicas: Replicas
    """At least so many replicas then; the pool does not shrink to it."""


class Schedule(Model):
    name: DNSLabel
    """Names the schedule in messages."""
    schedule: Cron
    """When it begins: five cron fields (minute, hour, day of month, month, day of week) or @daily and the like."""
    time_zone: TimeZone | None = None
    """The time zone of the schedule, such as Europe/Berlin. Absent: UTC."""
    duration: PositiveDur
    """How long it lasts."""
    min_replicas: Replicas
    """The pool's lower bound in that time. Where several schedules overlap, the highest wins."""


class Scaling(Model):
    RULES: ClassVar = scaling_rules.SCALING

    max_replicas: Annotated[Int, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})]
    """The most replicas autoscaling asks for. Policies may allow less."""
    min_replicas: Replicas | None = None
    """The fewest replicas; 0 lets an idle pool disappear. Equal to maxReplicas: a pool of fixed size. Absent: what a
    Policy says, else 1."""
    jobs_per_replica: Annotated[Int | None, Field(ge=1, le=2_147_483_647, json_schema_extra={"format": "int32"})] = None
    """How many waiting jobs call for one more replica, where no wait target is given. Absent: what a Policy says, else
    the pool's concurrency."""
    wait: Wait | None = None
    """How long jobs may wait; replicas follow from it, from the arrivals and from how long jobs take. Wins over
    jobsPerReplica."""
    catch_up_time: PositiveDur | None = None
    """How fast a backlog is to be worked off. Absent: it follows from the wait target."""
    startup_time: PositiveDur | None = None
    """How long a new replica takes until it works. Absent: measured."""
    behavior: Behavior | None = None
    """The behavior of autoscaling/v2: when given, its semantics apply exactly. Absent: what a Policy says, else fast
    growth and damped shrinking."""
    fallback: Fallback | None = None
    """A lower bound while the broker cannot be read. Absent: the replicas stay as they are, for ever."""
    schedules: Annotated[tuple[Schedule, ...] | None, Field(max_length=20), map_by("name")] = None
    """Times with a higher lower bound."""


class Hold(Model):
    """While a hold stands the pool keeps its replicas and nothing scales it. `kubectl scale` writes it;
    `headgate release` or removing it lifts it."""

    replicas: Replicas
    """How many replicas the pool keeps."""
    until: Time | None = None
    """When the hold ends by itself. Absent: never."""
    reason: ShortText | None = None
    """Why, for the colleague who finds it."""
