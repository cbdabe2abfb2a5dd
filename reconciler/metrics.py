"""The metrics of the reconciler, declared as data; `docs/reference/metrics.md` is made from the same table.

What belongs to one object disappears with the object. Unknown numbers are absent, not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest

from reconciler.declared import Declared, Type
from reconciler.keys import Key
from reconciler.series import Families

Metric = Counter | Gauge | Histogram
M = TypeVar("M", Counter, Gauge, Histogram)

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

RECONCILE_SECONDS: Final = Declared(
    "headgate_reconcile_duration_seconds", Type.HISTOGRAM, "How long one pass over an object took.", ("kind",), _SECONDS
)
RECONCILE_ERRORS: Final = Declared(
    "headgate_reconcile_errors_total",
    Type.COUNTER,
    "Passes that ended early, by the reason that status shows. Waiting and lost races are not counted.",
    ("kind", "reason"),
)
STATUS_WRITES: Final = Declared(
    "headgate_status_writes_total", Type.COUNTER, "Statuses written; none are when nothing changes.", ("kind",)
)
WORKQUEUE_DEPTH: Final = Declared("headgate_workqueue_depth", Type.GAUGE, "Objects that are due and wait for a worker.")
WORKQUEUE_HELD: Final = Declared("headgate_workqueue_in_progress", Type.GAUGE, "Objects being worked on.")
WORKQUEUE_SECONDS: Final = Declared(
    "headgate_workqueue_wait_seconds", Type.HISTOGRAM, "How long a due object waited for a worker.", (), _SECONDS
)
LEADING: Final = Declared("headgate_leading", Type.GAUGE, "1 while this replica leads, else 0.")
WATCH_AGE: Final = Declared(
    "headgate_watch_age_seconds",
    Type.GAUGE,
    "Seconds since the watch of a kind last brought anything; the API server sends a sign of life every minute.",
    ("resource",),
)
EVENTS_DROPPED: Final = Declared(
    "headgate_events_dropped",
    Type.GAUGE,
    "Events since the start that were cut off by the rate limit or could not be posted.",
)
QUEUE_JOBS: Final = Declared(
    "headgate_queue_jobs",
    Type.GAUGE,
    "Jobs of a queue, by state: waiting, running, scheduled, dead. Absent while unknown.",
    ("namespace", "queue", "state"),
)
QUEUE_OLDEST: Final = Declared(
    "headgate_queue_oldest_job_age_seconds",
    Type.GAUGE,
    "Age of the oldest waiting job by the broker's clock, estimated where jobs do not tell; 0 when none waits, absent "
    "while unknown.",
    ("namespace", "queue"),
)
QUEUE_WAIT: Final = Declared(
    "headgate_queue_wait_p95_seconds",
    Type.GAUGE,
    "How long 95 of 100 jobs that started in the last two minutes waited at most. Absent while unknown.",
    ("namespace", "queue"),
)
QUEUE_LATENCY: Final = Declared(
    "headgate_queue_latency_p95_seconds",
    Type.GAUGE,
    "How long 95 of 100 jobs take from being enqueued to their end at most: an estimate from waits and service times. "
    "Absent while unknown.",
    ("namespace", "queue"),
)
QUEUE_SERVICE: Final = Declared(
    "headgate_queue_service_seconds",
    Type.GAUGE,
    "The mean time a job runs, over the last 5 to 30 minutes. Absent while unknown.",
    ("namespace", "queue"),
)
QUEUE_RATE: Final = Declared(
    "headgate_queue_jobs_per_second",
    Type.GAUGE,
    "Jobs per second over two minutes, by direction: in, out. Absent while unknown.",
    ("namespace", "queue", "direction"),
)
QUEUE_ESTIMATED: Final = Declared(
    "headgate_queue_signal_estimated",
    Type.GAUGE,
    "1 for a signal of a queue that is estimated, by the words of status.methods. Absent for one that is counted, and "
    "for one that is unknown.",
    ("namespace", "queue", "signal"),
)
QUEUE_READ: Final = Declared(
    "headgate_queue_last_read_timestamp_seconds",
    Type.GAUGE,
    "When the broker last told of the queue, in seconds since the epoch: its age is that of every signal.",
    ("namespace", "queue"),
)
QUEUE_DOUBT: Final = Declared(
    "headgate_queue_in_doubt",
    Type.GAUGE,
    "1 while the broker may have failed over, so that nothing shrinks by what it says; else 0.",
    ("namespace", "queue"),
)
QUEUE_READS: Final = Declared(
    "headgate_queue_observation_errors_total",
    Type.COUNTER,
    "Readings of a broker that failed, by the reason that status shows.",
    ("namespace", "queue", "reason"),
)
DECISION_LAG: Final = Declared(
    "headgate_decision_lag_seconds",
    Type.HISTOGRAM,
    "From the moment a queue was due to be read to the first decision of a pool by what was read.",
    (),
    _SECONDS,
)
POOL_REPLICAS: Final = Declared(
    "headgate_pool_replicas",
    Type.GAUGE,
    "Replicas of a pool, by state: asked (by its jobs), damped (after bounds and damping), entitled (the most that a "
    "budget leaves it), wanted (after it), ready, busy, draining. Absent while nobody works them out.",
    ("namespace", "pool", "state"),
)
POOL_BOUND: Final = Declared(
    "headgate_pool_bound_by",
    Type.GAUGE,
    "1 for what has set the number of a pool's replicas, by the words of status.decision.boundBy.",
    ("namespace", "pool", "bound"),
)
POOL_STARTUP: Final = Declared(
    "headgate_pool_startup_seconds",
    Type.GAUGE,
    "How long a pod takes from its creation to its first fetch: scaling.startupTime, else as measured, else 30.",
    ("namespace", "pool"),
)
POOL_RUNNING: Final = Declared(
    "headgate_pool_running_jobs", Type.GAUGE, "Jobs that a pool's workers run.", ("namespace", "pool")
)
POOL_SCALED: Final = Declared(
    "headgate_pool_scalings_total",
    Type.COUNTER,
    "Changes of a pool's replicas, by direction: up, down.",
    ("namespace", "pool", "direction"),
)
POOL_DRAINS: Final = Declared(
    "headgate_pool_drains_total",
    Type.COUNTER,
    "Pods taken out of a pool, by outcome: requested, drained, removed, cancelled, timeout.",
    ("namespace", "pool", "outcome"),
)
CERTIFICATE_ENDS: Final = Declared(
    "headgate_certificate_not_after_seconds",
    Type.GAUGE,
    "When a certificate ends, in Unix time: authority, leaf.",
    ("certificate",),
)
CERTIFICATE_MADE: Final = Declared(
    "headgate_certificate_last_rotation_seconds",
    Type.GAUGE,
    "When a certificate was made, in Unix time: authority, leaf.",
    ("certificate",),
)
CERTIFICATE_DRIFT: Final = Declared(
    "headgate_certificate_injection_drift",
    Type.GAUGE,
    "Webhooks that the last look found with another caBundle than the install's; it puts that right at once.",
)
CERTIFICATE_INJECTIONS: Final = Declared(
    "headgate_certificate_injections_total",
    Type.COUNTER,
    "Webhook configurations into which the bundle was written, because it was new or somebody had overwritten it.",
    ("resource",),
)
CERTIFICATE_FAULTS: Final = Declared(
    "headgate_certificate_faults_total", Type.COUNTER, "Looks at the certificates that could not be finished."
)
CERTIFICATE_CHANGING: Final = Declared(
    "headgate_certificate_changing",
    Type.GAUGE,
    "1 while a change of authority is under way, and both are trusted.",
)
POLICY_VIOLATIONS: Final = Declared(
    "headgate_policy_violations",
    Type.GAUGE,
    "Stored objects that break a policy, by what the policy does about it.",
    ("namespace", "policy", "action"),
)
POLICY_EXEMPTED: Final = Declared(
    "headgate_policy_exempted",
    Type.GAUGE,
    "Stored objects that would break a policy, were they not exempt.",
    ("namespace", "policy"),
)
EXEMPTION_ENDS: Final = Declared(
    "headgate_policy_exemption_end_timestamp_seconds",
    Type.GAUGE,
    "When an exemption ends, in seconds since the epoch; gone when it has ended.",
    ("namespace", "policy", "exemption"),
)

REPORT_WRITES: Final = Declared(
    "headgate_report_writes_total", Type.COUNTER, "Reports of openreports.io written; none are when nothing changes."
)
REPORTS_FAILING: Final = Declared(
    "headgate_reports_failing",
    Type.GAUGE,
    "1 while reports were asked for and cannot be kept, as without their kind; the log says why.",
)
DECLARED: Final = (
    RECONCILE_SECONDS,
    RECONCILE_ERRORS,
    STATUS_WRITES,
    WORKQUEUE_DEPTH,
    WORKQUEUE_HELD,
    WORKQUEUE_SECONDS,
    LEADING,
    WATCH_AGE,
    EVENTS_DROPPED,
    QUEUE_JOBS,
    QUEUE_OLDEST,
    QUEUE_WAIT,
    QUEUE_LATENCY,
    QUEUE_SERVICE,
    QUEUE_ESTIMATED,
    QUEUE_RATE,
    QUEUE_READ,
    QUEUE_DOUBT,
    QUEUE_READS,
    DECISION_LAG,
    POOL_REPLICAS,
    POOL_BOUND,
    POOL_STARTUP,
    POOL_RUNNING,
    POOL_SCALED,
    POOL_DRAINS,
    CERTIFICATE_ENDS,
    CERTIFICATE_MADE,
    CERTIFICATE_DRIFT,
    CERTIFICATE_INJECTIONS,
    CERTIFICATE_FAULTS,
    CERTIFICATE_CHANGING,
    POLICY_VIOLATIONS,
    POLICY_EXEMPTED,
    EXEMPTION_ENDS,
    REPORT_WRITES,
    REPORTS_FAILING,
)


class Metrics:
    """The values. `add`, `set` and `observe` take the labels in the order in which they are declared."""

    def __init__(self, *, process: bool = False) -> None:
        self._registry = CollectorRegistry()
        self._families = Families(tuple(declared for declared in DECLARED if declared.owner))
        self._metrics: Mapping[Declared, Metric] = {one: self._make(one) for one in DECLARED if not one.owner}
        if process:
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)

    def add(self, declared: Declared, *labels: str, amount: float = 1) -> None:
        assert declared.type is Type.COUNTER, f"{declared.name} is no counter"  # noqa: S101 - a mistake of ours
        if declared in self._families:
            self._families.add(declared, labels, amount)
        else:
            self._one(declared, labels, Counter).inc(amount)

    def set(self, declared: Declared, *labels: str, value: float | None) -> None:
        """Say a gauge's value; None, unknown, takes the series away where it is an object's."""
        assert declared.type is Type.GAUGE, f"{declared.name} is no gauge"  # noqa: S101 - a mistake of ours
        if declared in self._families:
            if value is None:
                self._families.remove(declared, labels)
            else:
                self._families.set(declared, labels, value)
        elif value is not None:
            self._one(declared, labels, Gauge).set(value)
        else:
            self._metrics[declared].remove(*labels)

    def observe(self, declared: Declared, *labels: str, seconds: float) -> None:
        assert declared.type is Type.HISTOGRAM, f"{declared.name} is no histogram"  # noqa: S101 - a mistake of ours
        self._one(declared, labels, Histogram).observe(seconds)

    def forget(self, key: Key) -> None:
        """Take away every series of an object that is gone."""
        self._families.forget(key)

    def value(self, declared: Declared, *labels: str) -> float | None:
        """What is exposed now; None for a series that is not there."""
        if declared in self._families:
            return self._families.get(declared, labels)
        suffix = "_count" if declared.type is Type.HISTOGRAM else ""
        return self._registry.get_sample_value(declared.name + suffix, dict(zip(declared.labels, labels, strict=True)))

    def text(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self._registry) + self._families.text().encode()

    def _one(self, declared: Declared, labels: tuple[str, ...], kind: type[M]) -> M:
        metric = self._metrics[declared]
        assert isinstance(metric, kind)  # noqa: S101 - for the type checker: `_make` goes by the same type
        return metric.labels(*labels) if labels else metric

    def _make(self, declared: Declared) -> Metric:
        arguments = (declared.name, declared.meaning, declared.labels)
        match declared.type:
            case Type.COUNTER:
                return Counter(*arguments, registry=self._registry)
            case Type.GAUGE:
                return Gauge(*arguments, registry=self._registry)
            case Type.HISTOGRAM:
                return Histogram(*arguments, registry=self._registry, buckets=declared.buckets)
