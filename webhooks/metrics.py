"""What Prometheus is told about this process. Labels come from fixed sets, never from a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from crds.words import Word
from policies import Violation
from webhooks.tally import Tally

BUCKETS: Final = (0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)


CEL: Final = "rules"
"""What the ids of rules in CEL begin with."""
_CEL_RULE: Final = f"{CEL}."


class Outcome(Word):
    """How a review was answered."""

    ALLOWED = "allowed"
    DENIED = "denied"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    PANIC = "panic"


class Metrics:
    """`snapshot_age` and `snapshot_objects` are read when Prometheus asks."""

    def __init__(self, paths: tuple[str, ...], registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._tally = Tally(paths, tuple(Outcome), BUCKETS)
        self.registry.register(self._tally)
        self._age = Gauge(
            "headgate_webhook_snapshot_age_seconds",
            "Since the last sign of life of the oldest watch behind the snapshot.",
            registry=self.registry,
        )
        self._objects = Gauge("headgate_webhook_snapshot_objects", "Objects in the snapshot.", registry=self.registry)
        self._troubles = Counter(
            "headgate_webhook_watch_errors", "Lists and watches that failed.", ("resource",), registry=self.registry
        )
        self._verified = Gauge(
            "headgate_webhook_certificate_verified",
            "1 when the last TLS handshake with ourselves was verified against the authority.",
            registry=self.registry,
        )

        self._certificate = Gauge(
            "headgate_webhook_certificate_not_after_seconds",
            "When the served certificate ends, in Unix time; 0 while there is none.",
            registry=self.registry,
        )

    def answered(self, path: str, outcome: Outcome, seconds: float) -> None:
        self._tally.answered(path, outcome, seconds)

    def found(self, violation: Violation) -> None:
        """Rules in CEL are named by their authors and count under one name, or the label would have no bound."""
        rule = CEL if violation.rule.startswith(_CEL_RULE) else violation.rule
        self._tally.found(rule, violation.action)
        if violation.failed:
            self._tally.failed(violation.action)

    def trouble(self, resource: str) -> None:
        self._troubles.labels(resource).inc()

    def verified(self, good: bool) -> None:
        self._verified.set(1 if good else 0)

    def observe_certificate(self, ends: Callable[[], float]) -> None:
        self._certificate.set_function(ends)

    def observe_snapshot(self, age: Callable[[], float], objects: Callable[[], float]) -> None:
        self._age.set_function(age)
        self._objects.set_function(objects)
