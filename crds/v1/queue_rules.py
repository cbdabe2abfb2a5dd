"""What must hold between the fields of a Queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crds.findings import Reason
from crds.rules import Rule, Rules

Node = Mapping[str, Any]

_WITH_PRIORITIES = ("List", "Stream", "GoRedisWorkQueue")

DISTINCT = Rules(
    (
        Rule(
            cel="self.all(x, self.exists_one(y, x == y))",
            message="names a priority twice",
            holds=lambda self: len(set(self)) == len(self),
            reason=Reason.DUPLICATE,
        ),
    )
)


def _purges_only_managed(self: Node, policy: str | None) -> bool:
    return policy != "Purge" or bool(self["management"] == "Manage")


SPEC = (
    Rule(
        cel="!has(self.priorities) || (has(self.broker.redis)"
        " && self.broker.redis.layout in ['List', 'Stream', 'GoRedisWorkQueue'])",
        message="only the Redis layouts List, Stream and GoRedisWorkQueue have priorities",
        holds=lambda self: (
            "priorities" not in self or self["broker"].get("redis", {}).get("layout") in _WITH_PRIORITIES
        ),
        field="priorities",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel="!has(self.deletionPolicy) || self.deletionPolicy != 'Purge' || self.management == 'Manage'",
        message="Purge deletes jobs at the broker, which needs management Manage",
        holds=lambda self: _purges_only_managed(self, self.get("deletionPolicy")),
        field="deletionPolicy",
    ),
    Rule(
        cel="!has(self.deadLetter) || !has(self.deadLetter.deletionPolicy) || self.deadLetter.deletionPolicy != 'Purge'"
        " || self.management == 'Manage'",
        message="Purge deletes jobs at the broker, which needs management Manage",
        holds=lambda self: _purges_only_managed(self, self.get("deadLetter", {}).get("deletionPolicy")),
        field="deadLetter.deletionPolicy",
    ),
)


def _broker_name(self: Node) -> str:
    return str(self["spec"].get("queueName", self["metadata"].get("name", "")))


NAME_FIXED = Rule(
    cel="(has(self.spec.queueName) ? self.spec.queueName : self.metadata.name)"
    " == (has(oldSelf.spec.queueName) ? oldSelf.spec.queueName : oldSelf.metadata.name)",
    message="the name at the broker cannot be changed: make a new Queue",
    holds=lambda self, old: _broker_name(self) == _broker_name(old),
    field="spec.queueName",
    reason=Reason.FORBIDDEN,
)
ROOT = (
    NAME_FIXED,
    Rule(
        cel="!has(self.spec.deadLetter) || !has(self.spec.deadLetter.queueName) || self.spec.deadLetter.queueName"
        " != (has(self.spec.queueName) ? self.spec.queueName : self.metadata.name)",
        message="is the queue itself: dead letters would be tried for ever",
        holds=lambda self: self["spec"].get("deadLetter", {}).get("queueName") != _broker_name(self),
        field="spec.deadLetter.queueName",
    ),
)
