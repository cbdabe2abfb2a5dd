"""WorkerPool in v1beta1."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.v1 import rollout, scaling_rules, workerpool_rules
from crds.v1.base import Model
from crds.v1.core import Affinity, EnvFromSource, EnvVar, PodSecurityContextOfBoth, ResourceRequirements, Toleration
from crds.v1.lists import ATOMIC, map_by
from crds.v1.names import POOL_NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.queue import Priorities
from crds.v1.scalars import Bool, DNSLabel, Int, IntOrPercent, LabelValue, PositiveDur, Replicas
from crds.v1.workerpool import Image
from crds.v1.workerpool_status import WorkerPoolStatus
from crds.v1beta1.scalars import Milliseconds, Share

UpdateType = Literal["RollingUpdate", "Recreate"]
Texts = dict[str, str]


class QueueSelector(Model):
    queue: DNSLabel
    """A Queue in the same namespace, the first of spec.queues in v1."""
    priorities: Priorities | None = None
    """Only these priorities of the queue are worked off here."""
    match_labels: Annotated[dict[str, LabelValue] | None, Field(max_length=64)] = None
    """Has no effect: v1 names its queues."""


class TemplateMetadata(Model):
    labels: Texts | None = None
    """Labels of the pods."""
    annotations: Texts | None = None
    """Annotations of the pods."""


class PodSpec(Model):
    RULES: ClassVar = (workerpool_rules.IN_FLIGHT,)

    image: Image
    """The workers' image."""
    image_pull_policy: str | None = None
    """When the image is pulled; v1 says template.spec.containers[worker].imagePullPolicy."""
    resources: ResourceRequirements | None = None
    """What each worker needs of a node; v1 says spec.resources."""
    env: Annotated[tuple[EnvVar, ...] | None, Field(max_length=500), map_by("name")] = None
    """Environment variables of the worker; v1 says spec.env."""
    env_from: Annotated[tuple[EnvFromSource, ...] | None, Field(max_length=64), ATOMIC] = None
    """ConfigMaps and Secrets that become environment variables; v1 says spec.envFrom."""
    concurrency: Annotated[Int | None, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] = None
    """How many jobs each replica runs at once; v1 says spec.concurrency. Absent: 1."""
    max_in_flight: Annotated[Int | None, Field(ge=1, le=10_000, json_schema_extra={"format": "int32"})] = None
    """How many jobs each replica holds at once; v1 says spec.maxInFlight. Absent: as concurrency."""
    service_account_name: str | None = None
    """The pods' ServiceAccount; this and what follows is in v1's template.spec."""
    security_context: PodSecurityContextOfBoth | None = None
    """Of the pods. What only a container can have (capabilities, allowPrivilegeEscalation, readOnlyRootFilesystem) goes
    to v1's template.spec.containers[worker].securityContext."""
    node_selector: Texts | None = None
    """Labels a node must have."""
    tolerations: Annotated[tuple[Toleration, ...] | None, ATOMIC] = None
    """Taints that are put up with."""
    affinity: Affinity | None = None
    """Which nodes are preferred."""


class Template(Model):
    metadata: TemplateMetadata | None = None
    """Of the pods."""
    spec: PodSpec
    """Of the pods."""


class LatencySLO(Model):
    target_percentile: Share | None = None
    """For which share of the jobs the target holds, 0.5 to 0.99; v1 says wait.percentile. Absent: 0.95."""
    target_latency_ms: Milliseconds
    """How long a job may wait, in milliseconds; v1 says wait.target."""


class AutoScaling(Model):
    RULES: ClassVar = (scaling_rules.MIN_AT_MOST_MAX,)

    min_replicas: Replicas | None = None
    """The fewest replicas."""
    max_replicas: Annotated[Int, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})]
    """The most replicas autoscaling asks for."""
    target_backlog_per_worker: Annotated[
        Int | None, Field(ge=1, le=2_147_483_647, json_schema_extra={"format": "int32"})
    ] = None
    """How many waiting jobs call for one more replica; v1 says jobsPerReplica."""
    latency_slo: Annotated[LatencySLO | None, Field(alias="latencySLO")] = None
    """How long jobs may wait; v1 says wait."""
    scale_up_cooldown: PositiveDur | None = None
    """Has no effect: v1 damps by itself, or by scaling.behavior."""
    scale_down_cooldown: PositiveDur | None = None
    """Has no effect: v1 damps by itself, or by scaling.behavior."""


class RollingUpdate(Model):
    RULES: ClassVar = rollout.Rollout.RULES

    max_unavailable: IntOrPercent | None = None
    """How many replicas, or how many percent of them, may be missing."""
    max_surge: IntOrPercent | None = None
    """How many replicas, or how many percent of them, may exist beyond the wanted number."""


class UpdateStrategy(Model):
    type: UpdateType | None = None
    """Has no effect: v1 always replaces workers gradually."""
    rolling_update: RollingUpdate | None = None
    """How fast workers are replaced; v1 says spec.rollout."""


class DrainPolicy(Model):
    grace_period: PositiveDur | None = None
    """Has no effect: in v1 drain.timeout is the pod's grace period, too."""
    timeout_period: PositiveDur | None = None
    """How long a worker may take to finish its jobs; v1 says drain.timeout."""
    wait_for_completion: Bool | None = None
    """Has no effect: v1 always lets workers finish, as drain.onTimeout says."""


class WorkerPoolSpec(Model):
    replicas: Replicas | None = None
    """The number of replicas where autoScaling is absent: v1 says it as equal bounds in spec.scaling, never as a hold.
    Beside autoScaling it has no effect. Absent: 1."""
    queue_selector: QueueSelector
    """The queue these workers take jobs from. v1 may have more queues; they stay."""
    template: Template
    """The workers. What v1 has beside these fields (sidecars, volumes, commands) stays."""
    auto_scaling: AutoScaling | None = None
    """How many replicas there are; v1 says spec.scaling."""
    update_strategy: UpdateStrategy | None = None
    """How a changed worker replaces the old ones; v1 says spec.rollout."""
    drain_policy: DrainPolicy | None = None
    """How workers are brought to rest before they are removed; v1 says spec.drain."""


class WorkerPool(Model):
    """Workers of one image that take jobs from a queue, in the words of v1beta1. Deprecated: use v1."""

    NAME: ClassVar = POOL_NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: WorkerPoolSpec
    """What is wanted."""
    status: WorkerPoolStatus | None = None
    """What is observed. Written by Headgate."""
