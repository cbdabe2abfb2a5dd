"""What must hold between the fields of a WorkerPool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crds.findings import Reason
from crds.rules import Rule

Node = Mapping[str, Any]

_CONTAINERS = "has(self.template) && has(self.template.spec) && has(self.template.spec.containers)"


def _template_sets(field: str) -> str:
    return f"({_CONTAINERS} && self.template.spec.containers.exists(c, c.name == 'worker' && has(c.{field})))"


def _in_template(self: Node, field: str) -> bool:
    containers = self.get("template", {}).get("spec", {}).get("containers", ())
    return any(container["name"] == "worker" and field in container for container in containers)


def _once(field: str) -> Rule:
    return Rule(
        cel=f"!has(self.{field}) || !{_template_sets(field)}",
        message="is set by the template's container worker too: set it once",
        holds=lambda self: not (field in self and _in_template(self, field)),
        field=field,
        reason=Reason.DUPLICATE,
    )


def _type(self: Node) -> str:
    return str(self.get("workload", {}).get("type", "Deployment"))


def _claims(self: Node) -> Any:
    return self.get("workload", {}).get("volumeClaimTemplates", [])


def _of_stateful_sets_only(field: str, message: str) -> Rule:
    return Rule(
        cel=f"!has(self.workload) || !has(self.workload.{field})"
        " || (has(self.workload.type) && self.workload.type == 'StatefulSet')",
        message=message,
        holds=lambda self: field not in self.get("workload", {}) or _type(self) == "StatefulSet",
        field=f"workload.{field}",
        reason=Reason.FORBIDDEN,
    )


_TYPE = "(has({0}.workload) && has({0}.workload.type) ? {0}.workload.type : 'Deployment')"

_CLAIMS = "(has({0}.workload) && has({0}.workload.volumeClaimTemplates) ? {0}.workload.volumeClaimTemplates : [])"

IN_FLIGHT = Rule(
    cel="!has(self.maxInFlight) || !has(self.concurrency) || self.maxInFlight >= self.concurrency",
    message="must be at least concurrency, {concurrency}",
    holds=lambda self: self.get("maxInFlight", 10_000) >= self.get("concurrency", 1),
    field="maxInFlight",
)
SPEC = (
    Rule(
        cel="has(self.image) != has(self.template)",
        message="set exactly one of image and template",
        holds=lambda self: ("image" in self) != ("template" in self),
        field="image",
    ),
    Rule(
        cel=f"!has(self.template) || {_template_sets('image')}",
        message="must have a container named worker with an image",
        holds=lambda self: "template" not in self or _in_template(self, "image"),
        field="template.spec.containers",
        reason=Reason.REQUIRED,
    ),
    *(_once(field) for field in ("command", "args", "env", "envFrom", "resources")),
    IN_FLIGHT,
    _of_stateful_sets_only("volumeClaimTemplates", "only the workload type StatefulSet has a volume for each replica"),
    _of_stateful_sets_only(
        "persistentVolumeClaimRetentionPolicy", "only the workload type StatefulSet has a volume for each replica"
    ),
    Rule(
        cel=f"!has(self.takeOver) || {_TYPE.format('self')} == 'Deployment'",
        message="a StatefulSet has no room beside a Deployment: only the workload type Deployment takes one over",
        holds=lambda self: "takeOver" not in self or _type(self) == "Deployment",
        field="takeOver",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel=f"{_TYPE.format('self')} == {_TYPE.format('oldSelf')}",
        message="cannot be changed: make a new WorkerPool",
        holds=lambda self, old: _type(self) == _type(old),
        field="workload.type",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel=f"{_CLAIMS.format('self')} == {_CLAIMS.format('oldSelf')}",
        message="cannot be changed: make a new WorkerPool, or resize the claims themselves",
        holds=lambda self, old: _claims(self) == _claims(old),
        field="workload.volumeClaimTemplates",
        reason=Reason.FORBIDDEN,
    ),
)
