"""WorkerPool: workers of one image that take jobs from some queues."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.v1 import workerpool_rules
from crds.v1.base import Model
from crds.v1.core import EnvFromSource, EnvVar, PodTemplate, ResourceRequirements, VolumeClaim
from crds.v1.drain import Drain
from crds.v1.lists import ATOMIC, map_by
from crds.v1.names import POOL_NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.queue import Priorities
from crds.v1.rollout import Rollout
from crds.v1.scalars import Bool, DNSLabel, DNSSubdomain, Form, Int, LabelValue, PositiveDur
from crds.v1.scaling import Hold, Scaling
from crds.v1.workerpool_status import WorkerPoolStatus

WorkloadType = Literal["Deployment", "StatefulSet"]
ClaimFate = Literal["Retain", "Delete"]
Image = Annotated[
    str,
    Field(pattern="^[A-Za-z0-9][-A-Za-z0-9._:/@]*$", min_length=1, max_length=1024),
    Form("image", "must be an image such as registry.example.com/team/worker:1.2"),
]
Argument = Annotated[str, Field(max_length=8192)]
Version = Annotated[LabelValue, Field(min_length=1)]


class PoolQueue(Model):
    name: DNSLabel
    """A Queue in the same namespace."""
    weight: Annotated[Int | None, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] = None
    """How often this queue is looked at compared with the others, 1 to 1000. Absent: the order of the list is strict,
    the first queue first."""
    priorities: Priorities | None = None
    """Only these priorities of the queue are worked off here. Absent: all of them."""
    wait_target: PositiveDur | None = None
    """How long a job of this queue may wait. Wins over scaling.wait.target for this queue."""


class ClaimRetention(Model):
    when_deleted: ClaimFate | None = None
    """What becomes of the claims when the pool is deleted, after its workers have drained. Absent: Retain."""
    when_scaled: ClaimFate | None = None
    """What becomes of a claim when its replica is scaled away. Absent: Retain; the replica finds it again when it comes
    back."""


class Workload(Model):
    type: WorkloadType | None = None
    """Deployment, or StatefulSet for workers with an identity or a volume each. Absent: Deployment. Cannot be
    changed."""
    volume_claim_templates: Annotated[tuple[VolumeClaim, ...] | None, Field(max_length=16), ATOMIC] = None
    """A PersistentVolumeClaim for each replica. StatefulSet only. Cannot be changed."""
    persistent_volume_claim_retention_policy: ClaimRetention | None = None
    """Whether the claims outlive their replicas. StatefulSet only."""


class TakeOver(Model):
    deployment_name: DNSSubdomain
    """A Deployment in the same namespace that runs these workers so far. It is drained as an old revision, never made
    larger, and not deleted."""


class WorkerPoolSpec(Model):
    RULES: ClassVar = workerpool_rules.SPEC

    queues: Annotated[tuple[PoolQueue, ...], Field(min_length=1, max_length=50), map_by("name")]
    """The queues these workers take jobs from, in the same namespace."""
    workload: Workload | None = None
    """What runs the workers."""
    image: Image | None = None
    """The image of the container `worker`, which is enough for most pools. Excludes template."""
    template: PodTemplate | None = None
    """The pods, as a partial pod template with its real schema: scheduling, volumes, sidecars, security contexts. Its
    container named `worker`, with its image, is the worker; command, args, env, envFrom and resources are set there or
    beside the template, each once. Replicas and selector labels are Headgate's. Excludes image."""
    version: Version | None = None
    """The label app.kubernetes.io/version of the pods. Absent: the image's tag."""
    command: Annotated[tuple[Argument, ...] | None, Field(max_length=256), ATOMIC] = None
    """The worker's command. Absent: the image's entry point."""
    args: Annotated[tuple[Argument, ...] | None, Field(max_length=256), ATOMIC] = None
    """The worker's arguments; `$(HEADGATE_CONCURRENCY)`, `$(HEADGATE_QUEUES)` and `$(HEADGATE_DRAIN_SECONDS)` are
    filled in."""
    env: Annotated[tuple[EnvVar, ...] | None, Field(max_length=500), map_by("name")] = None
    """Environment variables of the worker. Names that begin with HEADGATE_ are Headgate's."""
    env_from: Annotated[tuple[EnvFromSource, ...] | None, Field(max_length=64), ATOMIC] = None
    """ConfigMaps and Secrets whose keys become environment variables of the worker."""
    resources: ResourceRequirements | None = None
    """What each worker needs of a node. Absent: what a Policy says."""
    concurrency: Annotated[Int | None, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] = None
    """How many jobs each replica runs at once. Absent: 1."""
    max_in_flight: Annotated[Int | None, Field(ge=1, le=10_000, json_schema_extra={"format": "int32"})] = None
    """How many jobs each replica holds at once, prefetched ones included; at least concurrency. Absent: as
    concurrency."""
    scaling: Scaling
    """How many replicas there are."""
    hold: Hold | None = None
    """A fixed number of replicas for now. `kubectl scale` writes it, and autoscaling stays off until it is lifted or
    expires. Absent: autoscaling."""
    drain: Drain | None = None
    """How workers are brought to rest before they are removed. Inherited field by field from Policies."""
    rollout: Rollout | None = None
    """How a changed worker replaces the old ones. Inherited field by field from Policies."""
    priority: Annotated[Int | None, Field(ge=-1000, le=1000, json_schema_extra={"format": "int32"})] = None
    """Which pool gets replicas first when a budget is too small for all: the higher number. Absent: 0."""
    paused: Bool | None = None
    """True: Headgate changes nothing on this pool. Workers go on as they are. Absent: false."""
    take_over: TakeOver | None = None
    """Adopt the workers of a Deployment that exists already."""


class WorkerPool(Model):
    """Workers of one image that take jobs from some queues, as many as the jobs need."""

    NAME: ClassVar = POOL_NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: WorkerPoolSpec
    """What is wanted."""
    status: WorkerPoolStatus | None = None
    """What is observed. Written by Headgate."""
