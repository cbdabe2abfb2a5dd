"""Policy in v1beta1: defaults only, for a namespace. Limits are v1's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.lists import SET
from crds.v1.names import NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.policy_status import PolicyStatus
from crds.v1.scalars import Bool, Int, Percent, PositiveDur
from crds.v1beta1.jobs import RateLimit, RetryBackoff

Standard = Literal["privileged", "baseline", "restricted"]
Text253 = Annotated[str, Field(max_length=253)]


class CircuitBreaker(Model):
    failure_threshold: Percent | None = None
    """The breaker opens after so many failures in a row, 1 to 100; v1 says minSamples and failurePercent 100."""
    recovery_threshold: Annotated[Int | None, Field(ge=1, le=1000, json_schema_extra={"format": "int32"})] = None
    """How many jobs must succeed before it closes; v1 says halfOpenProbes."""
    timeout: PositiveDur | None = None
    """How long it stays open before jobs are tried; v1 says cooldown."""


class PodSecurityStandards(Model):
    enforce: Standard | None = None
    """Has no effect: label the namespace with pod-security.kubernetes.io/enforce."""
    allow_privilege_escalation: Bool | None = None
    """For worker containers without a security context; v1 says defaults.securityContext.allowPrivilegeEscalation."""
    run_as_non_root: Annotated[Bool | None, Field(alias="runAsNonRoot")] = None
    """For pods without a security context; v1 says defaults.podSecurityContext.runAsNonRoot."""


class SecurityPolicy(Model):
    required_service_account: Text253 | None = None
    """Has no effect: v1 says it as a rule in CEL."""
    pod_security_standards: PodSecurityStandards | None = None
    """What pods get that say nothing."""
    network_policies: Annotated[tuple[Text253, ...] | None, Field(max_length=100), SET] = None
    """Has no effect: NetworkPolicies select pods by themselves."""


class PolicySpec(Model):
    circuit_breaker: CircuitBreaker | None = None
    """For Queues that say nothing about their breaker; v1 says defaults.circuitBreaker."""
    retry_defaults: RetryBackoff | None = None
    """For Queues that say nothing about their back-off; v1 says defaults.retry.backoff."""
    rate_limit_defaults: RateLimit | None = None
    """For Queues without a rate limit; v1 says defaults.rateLimit."""
    security_policy: SecurityPolicy | None = None
    """What pods get that say nothing."""


class Policy(Model):
    """What is filled in for teams in this namespace, in the words of v1beta1. Deprecated: use v1."""

    NAME: ClassVar = NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: PolicySpec
    """What is wanted."""
    status: PolicyStatus | None = None
    """What is observed. Written by Headgate."""
