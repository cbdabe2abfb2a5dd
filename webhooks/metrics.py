"""What Prometheus is told about this process. Labels come from fixed sets, never from a request."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from policies import Violation

BUCKETS: Final = (0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)


CEL: Final = "rules"
"""What the ids of rules in CEL begin with."""


class Outcome(StrEnum):
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
        reviews = Counter("headgate_webhook_reviews", "Reviews answered.", ("path", "outcome"), registry=self.registry)
        duration = Histogram(
            "headgate_webhook_review_duration_seconds",
            "From the first byte of a review's headers to its answer.",
            ("path",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        # Label look-ups cost as much as a rule does, so they happen once.
        self._answered = {(path, outcome): reviews.labels(path, outcome) for path in paths for outcome in Outcome}
        self._duration = {path: duration.labels(path) for path in paths}
        self._findings = Counter(
            "headgate_webhook_findings",
            "Findings by rule and by what their policy does about them.",
            ("rule", "action"),
            registry=self.registry,
        )
        self._failures = Counter(
            "headgate_webhook_rule_failures",
            "Rules in CEL that could not be asked, by what their policy does about it.",
            ("action",),
            registry=self.registry,
        )
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
        self._answered[path, outcome].inc()
        self._duration[path].observe(seconds)

    def found(self, violation: Violation) -> None:
        """Rules in CEL are named by their authors and count under one name, or the label would have no bound."""
        rule = CEL if violation.rule.startswith(f"{CEL}.") else violation.rule
        self._findings.labels(rule, violation.action).inc()
        if violation.failed:
            self._failures.labels(violation.action).inc()

    def trouble(self, resource: str) -> None:
        self._troubles.labels(resource).inc()

    def verified(self, good: bool) -> None:
        self._verified.set(1 if good else 0)

    def observe_certificate(self, ends: Callable[[], float]) -> None:
        self._certificate.set_function(ends)

    def observe_snapshot(self, age: Callable[[], float], objects: Callable[[], float]) -> None:
        self._age.set_function(age)
        self._objects.set_function(objects)
