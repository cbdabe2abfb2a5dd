"""Effective values: spec over Policy over ClusterPolicy over built-in, each leaf with its origin.

`policies` are the ones that match the object (`policies.applying`), strongest first: the namespace's own Policies by
name, then the ClusterPolicies by name. An inherited value never makes an object break its own bounds
(`policies.bounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crds import duration
from policies import bounds, builtin, layouts
from policies.fields import items, mapping, text
from policies.merging import Effective, Layer, merge
from policies.snapshot import Policies, PolicyView

__all__ = ["POOL_DEFAULTS", "QUEUE_DEFAULTS", "Effective", "layers", "pool", "queue"]

QUEUE_DEFAULTS: Final = ("rateLimit", "retry", "retention", "circuitBreaker")
"""The groups of a policy's `defaults` that a Queue inherits."""

POOL_DEFAULTS: Final = ("drain", "rollout", "scaling", "resources", "podSecurityContext", "securityContext")
"""The groups of a policy's `defaults` that a WorkerPool inherits."""

SPEC: Final = bounds.SPEC
_QUEUE_OWN: Final = (*QUEUE_DEFAULTS, "drainTimeout", "deadLetter")
_POOL_OWN: Final = ("workload", "concurrency", "maxInFlight", "scaling", "drain", "rollout", "priority", "resources")


def layers(policies: Iterable[PolicyView], groups: tuple[str, ...]) -> tuple[Layer, ...]:
    """What each policy defaults of these groups, in the order given."""
    if not isinstance(policies, Policies):
        return _layers(policies, groups)
    known: tuple[Layer, ...] | None = policies.kept(groups)
    if known is None:
        known = _layers(policies, groups)
        policies.keep(groups, known)
    return known


def _layers(policies: Iterable[PolicyView], groups: tuple[str, ...]) -> tuple[Layer, ...]:
    found: list[Layer] = []
    for policy in policies:
        defaults = mapping(policy.spec, "defaults")
        values = {group: defaults[group] for group in groups if group in defaults}
        if values:
            found.append((f"{policy.kind} {policy.name}", values))
    return tuple(found)


def queue(spec: Mapping[str, Any], policies: Iterable[PolicyView] = ()) -> Effective:
    """The effective configuration of one Queue."""
    own = {key: spec[key] for key in _QUEUE_OWN if key in spec}
    effective = merge([(SPEC, own), *layers(policies, QUEUE_DEFAULTS), (builtin.ORIGIN, builtin.QUEUE)])
    bounds.order_backoff(effective)
    if effective.get("circuitBreaker.failurePercent") is not None:
        effective.under(builtin.ORIGIN, builtin.CIRCUIT_BREAKER)
    if effective.get("rateLimit.jobs") is not None:
        effective.fill(builtin.ORIGIN, "rateLimit.burst", effective.get("rateLimit.jobs"))
    if _keeps_dead_letters(spec):
        kept = builtin.DEAD_LETTER_DELETION.get(text(spec, "management"), "Retain")
        effective.fill(builtin.ORIGIN, "deadLetter.deletionPolicy", kept)
    return effective


def _keeps_dead_letters(spec: Mapping[str, Any]) -> bool:
    """Whether there are dead letters: every layout has a place for them but one, other brokers where they are told."""
    layout = layouts.layout(spec)
    return layout not in layouts.WITHOUT_DEAD_LETTERS if layout else bool(text(spec, "deadLetter", "queueName"))


def pool(
    spec: Mapping[str, Any], queues: Iterable[Mapping[str, Any]] = (), policies: Iterable[PolicyView] = ()
) -> Effective:
    """The effective configuration of one WorkerPool; `queues` are the specs of the queues it works off."""
    own = {key: spec[key] for key in _POOL_OWN if key in spec}
    effective = merge([(SPEC, own), (SPEC, _of_template(spec)), *layers(policies, POOL_DEFAULTS)])
    effective.under(builtin.ORIGIN, builtin.POOL)
    bounds.hold_minimum(effective)
    bounds.let_something_be_replaced(effective)
    concurrency = effective.get("concurrency")
    effective.fill(builtin.ORIGIN, "maxInFlight", concurrency)
    effective.fill(builtin.ORIGIN, "scaling.jobsPerReplica", concurrency)
    if effective.get("scaling.wait.target") is not None:
        effective.fill(builtin.ORIGIN, "scaling.wait.percentile", builtin.WAIT_PERCENTILE)
    if effective.get("scaling.fallback.replicas") is not None:
        effective.fill(builtin.ORIGIN, "scaling.fallback.after", builtin.FALLBACK_AFTER)
    effective.fill(builtin.ORIGIN, "drain.timeout", _drain_timeout(queues))
    effective.fill(builtin.ORIGIN, "rollout.progressDeadline", _progress_deadline(effective))
    return effective


def _of_template(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a pool sets through its pod template instead of its own fields."""
    if "template" not in spec:
        return {}
    pod = mapping(spec, "template", "spec")
    own: dict[str, Any] = {"podSecurityContext": pod.get("securityContext")}
    for _, container in items(pod, "containers"):
        if container.get("name") == "worker":
            own |= {"resources": container.get("resources"), "securityContext": container.get("securityContext")}
    return own


def _drain_timeout(queues: Iterable[Mapping[str, Any]]) -> str:
    """The longest job any of the queues allows and a minute more; 10 minutes where none says."""
    longest = [seconds for spec in queues if (seconds := bounds.seconds(spec.get("maxJobDuration"))) is not None]
    return duration.text(max(longest) + builtin.DRAIN_MARGIN_SECONDS if longest else builtin.DRAIN_TIMEOUT_SECONDS)


def _progress_deadline(effective: Effective) -> str:
    startup = bounds.seconds(effective.get("scaling.startupTime")) or 0.0
    return duration.text(max(builtin.PROGRESS_DEADLINE_SECONDS, builtin.PROGRESS_STARTUPS * startup))
