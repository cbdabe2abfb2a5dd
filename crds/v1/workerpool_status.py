"""What Headgate knows about a pool, and why it has as many replicas as it has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crds.v1.base import Model
from crds.v1.condition import Conditions, Effective
from crds.v1.lists import ATOMIC, map_by
from crds.v1.scalars import Bool, CamelWord, Count32, Count64, DNSSubdomain, ShortText, Time


class DrainingPod(Model):
    pod: DNSSubdomain
    """The pod's name."""
    running: Count32 | None = None
    """Jobs it still runs. Absent: unknown."""
    since: Time
    """When it was asked to drain."""
    deadline: Time | None = None
    """When drain.timeout ends."""
    reason: ShortText | None = None
    """Why it drains: ScaleDown, Rollout, Delete, Node or the like."""


class DecisionStep(Model):
    name: CamelWord
    """The rule or bound that was looked at."""
    replicas: Count32
    """The number of replicas after it."""
    message: ShortText | None = None
    """With which inputs, for people."""


class Decision(Model):
    time: Time
    """When replicas last changed."""
    from_: Annotated[Count32, Field(alias="from")]
    """Replicas before."""
    to: Count32
    """Replicas asked for."""
    bound_by: Annotated[CamelWord | None, Field()] = None
    """The rule or bound that set the number."""
    steps: Annotated[tuple[DecisionStep, ...] | None, Field(max_length=16), ATOMIC] = None
    """How the number came about, one step after the other."""


class Revision(Model):
    name: Annotated[str, Field(max_length=63)]
    """The revision, a digest of its pod template."""
    image: Annotated[str | None, Field(max_length=1024)] = None
    """The image its workers run."""
    replicas: Count32
    """Its pods, draining ones included."""
    ready_replicas: Count32 | None = None
    """Its pods that are ready."""
    busy_replicas: Count32 | None = None
    """Its pods that run a job."""
    proved: Bool | None = None
    """Whether it has shown that it works; until then growth goes to the old revision."""


class WorkerPoolStatus(Model):
    observed_generation: Count64 | None = None
    """The generation of the spec this status is about."""
    replicas: Count32 | None = None
    """Pods that exist, draining ones included."""
    ready_replicas: Count32 | None = None
    """Pods that are ready."""
    updated_replicas: Count32 | None = None
    """Pods of the current revision."""
    desired_replicas: Count32 | None = None
    """Replicas wanted."""
    busy_replicas: Count32 | None = None
    """Pods that run a job, or whose state is unknown."""
    draining_replicas: Count32 | None = None
    """Pods that were asked to drain."""
    running: Count64 | None = None
    """Jobs being run."""
    selector: Annotated[str | None, Field(max_length=1024)] = None
    """The label selector of the pods, as text."""
    drain_method: CamelWord | None = None
    """How workers of this pool tell that they are idle."""
    summary: Annotated[str | None, Field(max_length=40)] = None
    """Why the pool has as many replicas as it has, in at most 40 characters."""
    draining: Annotated[tuple[DrainingPod, ...] | None, Field(max_length=20), map_by("pod")] = None
    """The pods that drain, at most 20 of them."""
    decision: Decision | None = None
    """The last change of the replicas, explained."""
    revisions: Annotated[tuple[Revision, ...] | None, Field(max_length=10), map_by("name")] = None
    """The revisions that have pods, newest first."""
    effective: Effective | None = None
    """The settings in force that the spec leaves open, by field path, with who set them."""
    conditions: Conditions | None = None
    """Ready, Reconciling, Stalled, ScalingActive, ScalingLimited, Draining, Guarantee, TakenOver, PolicyCompliant,
    DriftDetected."""
