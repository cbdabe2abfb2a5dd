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


_TYPE = "(has({0}.workload) && has({0}.workload.type) ? {0}.workload.type : 'Deployment')"

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
    Rule(
        cel="!has(self.workload) || !has(self.workload.volumeClaimTemplates)"
        " || (has(self.workload.type) && self.workload.type == 'StatefulSet')",
        message="only the workload type StatefulSet has a volume for each replica",
        holds=lambda self: "volumeClaimTemplates" not in self.get("workload", {}) or _type(self) == "StatefulSet",
        field="workload.volumeClaimTemplates",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel=f"{_TYPE.format('self')} == {_TYPE.format('oldSelf')}",
        message="cannot be changed: make a new WorkerPool",
        holds=lambda self, old: _type(self) == _type(old),
        field="workload.type",
        reason=Reason.FORBIDDEN,
    ),
)
