"""What of a Queue stands where."""

from __future__ import annotations

from typing import Any, Final

from crds.conversion import numbers, redis
from crds.conversion.lens import Lens, group, same
from crds.conversion.trees import NOTHING, Tree


def rate_limit(hub: str, beta: str) -> Lens:
    """The rate limit of a Queue, or the one a Policy defaults."""
    return group(
        hub,
        {"jobs": f"{hub}.jobs", "per": f"{hub}.per", "burst": f"{hub}.burst"},
        {"rps": f"{beta}.requestsPerSecond", "burst": f"{beta}.burstCapacity", "enabled": f"{beta}.enabled"},
        numbers.rate_to_beta,
        numbers.rate_to_hub,
    )


def backoff(hub: str, beta: str) -> tuple[Lens, ...]:
    """The back-off of a Queue, or the one a Policy defaults."""
    return (
        same(f"{hub}.initial", f"{beta}.initialDelay"),
        same(f"{hub}.max", f"{beta}.maxDelay"),
        group(
            f"{hub}.multiplier",
            {"multiplier": f"{hub}.multiplier"},
            {"multiplier": f"{beta}.multiplier"},
            numbers.multiplier_to_beta,
            numbers.multiplier_to_hub,
        ),
    )


class Default:
    """A field v1 alone has and always stores; its default is nothing v1beta1 would have to carry along."""

    def __init__(self, field: str, default: Any) -> None:
        self.name = field
        self._default = default

    def down(self, hub: Tree, beta: Tree, saved: Any, original: Tree) -> Any:
        if hub.get(self.name) == self._default and type(hub[self.name]) is type(self._default):
            del hub[self.name]
        return NOTHING

    def up(self, beta: Tree, hub: Tree, saved: Any, original: Tree) -> Any:
        return NOTHING


LENSES: Final[tuple[Lens, ...]] = (
    same("queueName", "name"),
    rate_limit("rateLimit", "rateLimit"),
    same("retry.maxRetries", "deadLetterQueue.maxRetries"),
    *backoff("retry.backoff", "deadLetterQueue.retryBackoff"),
    same("retention.completed", "retention.completedJobs"),
    same("retention.failed", "retention.failedJobs"),
    same("retention.maxJobs", "retention.maxJobs"),
    *redis.LENSES,
    Default("management", "Observe"),
    Default("paused", False),
    Default("deletionPolicy", "Retain"),
)
