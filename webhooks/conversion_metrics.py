"""What Prometheus is told about the converter. Labels come from fixed sets, never from a request."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from webhooks.metrics import BUCKETS


class Outcome(StrEnum):
    """How a conversion review was answered."""

    CONVERTED = "converted"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    PANIC = "panic"


class Metrics:
    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        reviews = Counter(
            "headgate_converter_reviews", "Conversion reviews answered.", ("outcome",), registry=self.registry
        )
        self._reviews = {outcome: reviews.labels(outcome) for outcome in Outcome}
        self._objects = Counter("headgate_converter_objects", "Objects converted.", registry=self.registry)
        self._duration = Histogram(
            "headgate_converter_review_duration_seconds",
            "From the first byte of a review's headers to its answer.",
            buckets=BUCKETS,
            registry=self.registry,
        )

        self._certificate = Gauge(
            "headgate_converter_certificate_not_after_seconds",
            "When the served certificate ends, in Unix time; 0 while there is none.",
            registry=self.registry,
        )

    def observe_certificate(self, ends: Callable[[], float]) -> None:
        """`ends` is read when Prometheus asks."""
        self._certificate.set_function(ends)

    def answered(self, outcome: Outcome, seconds: float) -> None:
        self._reviews[outcome].inc()
        self._duration.observe(seconds)

    def converted(self, objects: int) -> None:
        self._objects.inc(objects)
