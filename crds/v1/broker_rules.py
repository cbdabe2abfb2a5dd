"""What must hold between the fields of a broker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crds.findings import Reason
from crds.rules import Rule, Rules

Node = Mapping[str, Any]
_KINDS = {"Redis": "redis", "RabbitMQ": "rabbitmq", "Kafka": "kafka", "Prometheus": "prometheus"}

FIXED = Rules(
    (
        Rule(
            cel="self == oldSelf",
            message="cannot be changed: make a new Queue",
            holds=lambda self, old: self == old,
            reason=Reason.FORBIDDEN,
        ),
    )
)


def _has_address(self: Node) -> bool:
    redis, rabbitmq = self.get("redis", {}), self.get("rabbitmq", {})
    return (
        "connectionSecretRef" in self
        or "kafka" in self
        or "prometheus" in self
        or any(key in redis for key in ("url", "sentinel", "cluster"))
        or "url" in rabbitmq
    )


BROKER = (
    Rule(
        cel="[has(self.redis), has(self.rabbitmq), has(self.kafka), has(self.prometheus)].filter(set, set).size() == 1",
        message="set exactly one of redis, rabbitmq, kafka and prometheus",
        holds=lambda self: sum(kind in self for kind in _KINDS.values()) == 1,
    ),
    Rule(
        cel="!has(self.type) || (self.type == 'Redis' ? has(self.redis) : self.type == 'RabbitMQ' ? has(self.rabbitmq)"
        " : self.type == 'Kafka' ? has(self.kafka) : has(self.prometheus))",
        message="names another kind of broker than the one that is set",
        holds=lambda self: "type" not in self or _KINDS[self["type"]] in self,
        field="type",
    ),
    Rule(
        cel="has(self.connectionSecretRef) || has(self.kafka) || has(self.prometheus)"
        " || (has(self.redis) && (has(self.redis.url) || has(self.redis.sentinel) || has(self.redis.cluster)))"
        " || (has(self.rabbitmq) && has(self.rabbitmq.url))"
        " || !(has(self.redis) || has(self.rabbitmq))",
        message="say where the broker is: set connectionSecretRef or a url",
        holds=lambda self: _has_address(self) or not ("redis" in self or "rabbitmq" in self),
        field="connectionSecretRef",
        reason=Reason.REQUIRED,
    ),
    Rule(
        cel="has(self.redis) == has(oldSelf.redis) && has(self.rabbitmq) == has(oldSelf.rabbitmq)"
        " && has(self.kafka) == has(oldSelf.kafka) && has(self.prometheus) == has(oldSelf.prometheus)",
        message="the kind of broker cannot be changed: make a new Queue",
        holds=lambda self, old: all((kind in self) == (kind in old) for kind in _KINDS.values()),
        reason=Reason.FORBIDDEN,
    ),
)


def _only(field: str, layout: str) -> Rule:
    return Rule(
        cel=f"!has(self.{field}) || self.layout == '{layout}'",
        message=f"has a meaning for the layout {layout} only",
        holds=lambda self: field not in self or self["layout"] == layout,
        field=field,
        reason=Reason.FORBIDDEN,
    )


REDIS = (
    Rule(
        cel="self.layout == oldSelf.layout",
        message="cannot be changed: make a new Queue",
        holds=lambda self, old: self["layout"] == old["layout"],
        field="layout",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel="(has(self.keyPrefix) ? self.keyPrefix : '') == (has(oldSelf.keyPrefix) ? oldSelf.keyPrefix : '')",
        message="cannot be changed: make a new Queue",
        holds=lambda self, old: self.get("keyPrefix", "") == old.get("keyPrefix", ""),
        field="keyPrefix",
        reason=Reason.FORBIDDEN,
    ),
    Rule(
        cel="[has(self.url), has(self.sentinel), has(self.cluster)].filter(set, set).size() <= 1",
        message="set at most one of url, sentinel and cluster",
        holds=lambda self: sum(key in self for key in ("url", "sentinel", "cluster")) <= 1,
    ),
    _only("consumerGroup", "Stream"),
    _only("processingKey", "List"),
    _only("visibilityTimeout", "Celery"),
)

VHOST_FIXED = Rule(
    cel="(has(self.vhost) ? self.vhost : '/') == (has(oldSelf.vhost) ? oldSelf.vhost : '/')",
    message="cannot be changed: make a new Queue",
    holds=lambda self, old: self.get("vhost", "/") == old.get("vhost", "/"),
    field="vhost",
    reason=Reason.FORBIDDEN,
)

TLS_ONE_WAY = Rule(
    cel="!(has(self.insecureSkipVerify) && self.insecureSkipVerify && has(self.caSecretRef))",
    message="checks nothing, so caSecretRef would have no effect: set one of the two",
    holds=lambda self: not (self.get("insecureSkipVerify") and "caSecretRef" in self),
    field="insecureSkipVerify",
)
