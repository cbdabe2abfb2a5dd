"""What v1beta1 lets people write and v1 does not do: the fields an object carries along, and where to turn instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crds import meta
from crds.conversion import kept

# By the path in v1beta1, the value that asks for nothing v1 would not do anyway, and what to do in v1.
FIELDS: Final[Mapping[str, tuple[Any, str]]] = {
    "spec.priority": (None, "v1 orders queues in spec.queues of the WorkerPool"),
    "spec.deadLetterQueue.enabled": (True, "v1 always keeps dead letters; see spec.deadLetter"),
    "spec.replicas": (None, "v1 has spec.scaling, and spec.hold for a while"),
    "spec.queueSelector.matchLabels": (None, "v1 names its queues in spec.queues"),
    "spec.autoScaling.scaleUpCooldown": (None, "v1 damps by itself, or by spec.scaling.behavior"),
    "spec.autoScaling.scaleDownCooldown": (None, "v1 damps by itself, or by spec.scaling.behavior"),
    "spec.updateStrategy.type": ("RollingUpdate", "v1 always replaces workers gradually"),
    "spec.drainPolicy.gracePeriod": (None, "in v1 spec.drain.timeout is the grace period, too"),
    "spec.drainPolicy.waitForCompletion": (True, "v1 always drains; see spec.drain.onTimeout"),
    "spec.securityPolicy.requiredServiceAccount": (None, "v1 says it as a rule in CEL, spec.rules"),
    "spec.securityPolicy.podSecurityStandards.enforce": (None, "label the namespace instead"),
    "spec.securityPolicy.networkPolicies": (None, "NetworkPolicies select pods by themselves"),
}
_OTHER: Final = "v1 has no such field"


def unsaid(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """Of an object of v1: the fields of v1beta1 it carries along without effect, each with what to do about it."""
    rest = kept.read(obj.get("metadata"), meta.BETA).rest
    return dict(_walk(rest, "spec")) if rest else {}


def _walk(node: Any, at: str) -> Iterator[tuple[str, str]]:
    if at in FIELDS:
        harmless, instead = FIELDS[at]
        if harmless is None or node != harmless:
            yield at, instead
    elif isinstance(node, dict) and node:
        for key, part in node.items():
            yield from _walk(part, f"{at}.{key}")
    elif node not in ({}, []):
        yield at, _OTHER
