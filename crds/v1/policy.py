"""Policy and ClusterPolicy: what teams may do, and what is filled in for them.

Every policy is evaluated by itself with its own action: all must pass, so the strictest wins, and each finding names
its policy. Only defaults merge.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.exemptions import Exemption
from crds.v1.limits import Defaults, Limits
from crds.v1.lists import SET, map_by
from crds.v1.matching import ClusterMatch, Globs, Match
from crds.v1.names import NAME
from crds.v1.object_meta import ObjectMeta
from crds.v1.policy_rule import Action, PolicyRule
from crds.v1.policy_status import PolicyStatus
from crds.v1.scalars import Count32, Form, Glob, LabelKey, LabelValue, PositiveDur

Defaulting = Literal["Inherit", "Persist"]
ChildDrift = Literal["Revert", "Warn"]
GitOpsDrift = Literal["Ignore", "Warn"]
Preemption = Literal["Never", "LowerPriority"]
Native = Literal["Enabled", "Disabled"]

ImagePrefix = Annotated[
    str,
    Field(pattern=r"^[!-.0-~]+/[!-~]*$", max_length=512),
    Form("image prefix", "must name a registry and end it with /, such as registry.example.com/team/"),
]
HostGlobs = Annotated[tuple[Glob, ...], Field(min_length=1, max_length=100), SET]
ManagerName = Annotated[str, Field(min_length=1, max_length=128)]


class RequiredLabel(Model):
    key: LabelKey
    """The label every object must carry."""
    values: Annotated[tuple[LabelValue, ...] | None, Field(min_length=1, max_length=100), SET] = None
    """The values it may have. Absent: any."""


class Drift(Model):
    children: ChildDrift | None = None
    """What happens when somebody else changes what Headgate made, such as a Deployment. Revert: it is changed back.
    Warn: it is only said. Absent: Revert."""
    git_ops: GitOpsDrift | None = None
    """Warn: who edits a field that a GitOps tool manages is told that the edit may be reverted. Absent: Warn."""
    git_ops_managers: Annotated[tuple[ManagerName, ...] | None, Field(max_length=32), SET] = None
    """Field managers that count as GitOps tools. Absent: those of Argo CD and Flux."""


class Budget(Model):
    max_replicas: Count32
    """The most replicas that all pools this policy is about may have together."""
    preemption: Preemption | None = None
    """LowerPriority: a pool whose share is unmet takes idle replicas from pools of lower priority. Absent: Never."""
    min_runtime: PositiveDur | None = None
    """A busy replica younger than this is not taken. Absent: 10m."""


class PolicySpec(Model):
    action: Action
    """Deny: what breaks the policy is refused. Warn: it is let through with a warning. Audit: it is only counted."""
    match: Match | None = None
    """What the policy is about. Absent: every Queue and WorkerPool of its namespace."""
    limits: Limits | None = None
    """Upper bounds for fields and counts."""
    reserved_names: Globs | None = None
    """Names no queue may have at the broker, with * and ? as wildcards, upper and lower case alike."""
    allowed_images: Annotated[tuple[ImagePrefix, ...] | None, Field(min_length=1, max_length=100), SET] = None
    """What every image of the pods must start with, such as `registry.example.com/team/`; images are completed first,
    so `nginx` is `docker.io/library/nginx`. Absent: any image."""
    allowed_brokers: HostGlobs | None = None
    """Hosts brokers may be on, with * and ? as wildcards. Absent: any host."""
    required_labels: Annotated[tuple[RequiredLabel, ...] | None, Field(max_length=32), map_by("key")] = None
    """Labels every object must carry."""
    defaults: Defaults | None = None
    """Values for fields an object leaves open."""
    defaulting: Defaulting | None = None
    """Inherit: defaults hold while the policy stands and objects show them in status. Persist: they are written into
    new objects. Labels are always written. Absent: Inherit."""
    drift: Drift | None = None
    """What is done about changes behind Headgate's back."""
    budget: Budget | None = None
    """A number of replicas that the pools share."""
    exemptions: Annotated[tuple[Exemption, ...] | None, Field(max_length=100), map_by("name")] = None
    """Who or what need not obey, why, and until when."""
    rules: Annotated[tuple[PolicyRule, ...] | None, Field(max_length=64), map_by("name")] = None
    """More rules, in CEL."""
    native: Native | None = None
    """Enabled: the limits are also kept by a ValidatingAdmissionPolicy, so they hold while Headgate is down. Absent:
    Enabled."""


class ClusterPolicySpec(PolicySpec):
    match: ClusterMatch
    """What the policy is about."""


class Policy(Model):
    """What teams may do in this namespace, and what is filled in for them."""

    NAME: ClassVar = NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: PolicySpec
    """What is wanted."""
    status: PolicyStatus | None = None
    """What is observed. Written by Headgate."""


class ClusterPolicy(Model):
    """What teams may do in the namespaces it selects, and what is filled in for them."""

    NAME: ClassVar = NAME

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta
    spec: ClusterPolicySpec
    """What is wanted."""
    status: PolicyStatus | None = None
    """What is observed. Written by Headgate."""
