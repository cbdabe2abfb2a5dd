"""What a policy allows at most, and what it fills in."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from crds import duration
from crds.rules import Rule
from crds.v1.base import Model
from crds.v1.behavior import Behavior
from crds.v1.core import PodSecurityContext, ResourceRequirements, SecurityContext
from crds.v1.drain import Drain
from crds.v1.jobs import CircuitBreaker, Jobs32, RateLimit, Retention, Retry
from crds.v1.rollout import Rollout
from crds.v1.scalars import Count32, Dur, Int, LabelValue, PositiveDur, Quantity, Replicas

Resources = Annotated[dict[str, Quantity], Field(max_length=32)]


class MaxRate(Model):
    jobs: Jobs32
    """How many jobs."""
    per: PositiveDur
    """In which time."""


class Limits(Model):
    """Upper bounds. An object that was beyond one before may stay there or come nearer."""

    RULES: ClassVar = (
        Rule(
            cel="!has(self.minDrainTimeout) || !has(self.maxDrainTimeout)"
            " || duration(self.minDrainTimeout) <= duration(self.maxDrainTimeout)",
            message="must not be longer than maxDrainTimeout, {maxDrainTimeout}",
            holds=lambda self: (
                "minDrainTimeout" not in self
                or "maxDrainTimeout" not in self
                or duration.milliseconds(self["minDrainTimeout"]) <= duration.milliseconds(self["maxDrainTimeout"])
            ),
            field="minDrainTimeout",
        ),
    )

    max_queues_per_namespace: Count32 | None = None
    """How many Queues a namespace may have."""
    max_pools_per_queue: Count32 | None = None
    """How many WorkerPools may take jobs from the same Queue."""
    max_replicas_per_pool: Replicas | None = None
    """The most spec.scaling.maxReplicas and spec.hold.replicas may be, `kubectl scale` included."""
    max_concurrency: Count32 | None = None
    """The most spec.concurrency may be."""
    max_in_flight: Count32 | None = None
    """The most spec.maxInFlight may be."""
    max_rate: MaxRate | None = None
    """The fastest spec.rateLimit may be; a Queue without a rate limit is beyond it."""
    max_retries: Count32 | None = None
    """The most spec.retry.maxRetries may be."""
    max_backoff: Dur | None = None
    """The longest spec.retry.backoff.max may be."""
    max_retention: Dur | None = None
    """The longest spec.retention.completed and failed may be."""
    min_drain_timeout: Dur | None = None
    """The shortest spec.drain.timeout may be."""
    max_drain_timeout: Dur | None = None
    """The longest spec.drain.timeout may be."""
    max_priority: Annotated[Int | None, Field(ge=-1000, le=1000, json_schema_extra={"format": "int32"})] = None
    """The most spec.priority may be."""
    max_resources_per_replica: Resources | None = None
    """The most a worker's containers may request or be limited to together, by resource name."""


class DefaultScaling(Model):
    min_replicas: Replicas | None = None
    """For pools without spec.scaling.minReplicas."""
    jobs_per_replica: Annotated[Int | None, Field(ge=1, le=2_147_483_647, json_schema_extra={"format": "int32"})] = None
    """For pools without spec.scaling.jobsPerReplica."""
    behavior: Behavior | None = None
    """For pools without spec.scaling.behavior."""


class Defaults(Model):
    """Values for fields an object leaves open. Spec wins over Policy, Policy over ClusterPolicy, and among equals the
    policy that comes first by name; field by field, lists as a whole."""

    rate_limit: RateLimit | None = None
    """For Queues without spec.rateLimit."""
    retry: Retry | None = None
    """For fields of spec.retry that are not set."""
    retention: Retention | None = None
    """For fields of spec.retention that are not set."""
    circuit_breaker: CircuitBreaker | None = None
    """For fields of spec.circuitBreaker that are not set."""
    drain: Drain | None = None
    """For fields of spec.drain that are not set."""
    rollout: Rollout | None = None
    """For fields of spec.rollout that are not set."""
    scaling: DefaultScaling | None = None
    """For fields of spec.scaling that are not set."""
    resources: ResourceRequirements | None = None
    """For workers without resources."""
    labels: Annotated[dict[str, LabelValue] | None, Field(max_length=32)] = None
    """Labels new objects get when they lack them. Always written into the object."""
    pod_security_context: PodSecurityContext | None = None
    """For pods without a security context."""
    security_context: SecurityContext | None = None
    """For worker containers without a security context."""
