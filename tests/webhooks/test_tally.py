"""What Prometheus reads of reviews: the same series as the client's own counters would give."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from webhooks.metrics import BUCKETS, Metrics, Outcome

DURATION = "headgate_webhook_review_duration_seconds"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(("/validate", "/default"))


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_every_outcome_is_there_before_it_has_happened(metrics: Metrics) -> None:
    for path in ("/validate", "/default"):
        for outcome in Outcome:
            assert value(metrics.registry, "headgate_webhook_reviews_total", path=path, outcome=outcome) == 0


def test_reviews_are_counted_by_path_and_outcome(metrics: Metrics) -> None:
    for outcome in (Outcome.ALLOWED, Outcome.ALLOWED, Outcome.DENIED):
        metrics.answered("/validate", outcome, 0.001)
    registry = metrics.registry
    assert value(registry, "headgate_webhook_reviews_total", path="/validate", outcome="allowed") == 2
    assert value(registry, "headgate_webhook_reviews_total", path="/validate", outcome="denied") == 1
    assert value(registry, "headgate_webhook_reviews_total", path="/default", outcome="allowed") == 0


@pytest.mark.parametrize(
    ("seconds", "want"),
    [
        pytest.param(0.0, 0.0001, id="at once"),
        pytest.param(0.0002, 0.0002, id="a bound is within its bucket"),
        pytest.param(0.00021, 0.0003, id="a little more is not"),
        pytest.param(9.0, math.inf, id="longer than every bound"),
    ],
)
def test_a_bucket_counts_what_took_at_most_so_long(metrics: Metrics, seconds: float, want: float) -> None:
    metrics.answered("/default", Outcome.ALLOWED, seconds)
    for bound in (*BUCKETS, math.inf):
        name = "+Inf" if math.isinf(bound) else repr(bound)
        found = value(metrics.registry, f"{DURATION}_bucket", path="/default", le=name)
        assert found == (1 if bound >= want else 0), bound
    assert value(metrics.registry, f"{DURATION}_count", path="/default") == 1
    assert value(metrics.registry, f"{DURATION}_sum", path="/default") == seconds


def test_prometheus_can_read_it(metrics: Metrics) -> None:
    metrics.answered("/default", Outcome.ALLOWED, 0.001)
    text = generate_latest(metrics.registry).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["headgate_webhook_reviews"].type == "counter"
    assert families[DURATION].type == "histogram"
