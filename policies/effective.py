"""Effective values: spec over Policy over ClusterPolicy over built-in, each leaf with its origin.

`policies` are the ones that match the object (`policies.applying`), strongest first: the namespace's own Policies by
name, then the ClusterPolicies by name. An inherited value never makes an object break its own bounds
(`policies.bounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from crds import duration
from policies import bounds, builtin, layouts
from policies.fields import items, mapping, text
from policies.merging import Effective, Layer, merge
from policies.snapshot import Policies, PolicyView

__all__ = ["POOL", "POOL_DEFAULTS", "QUEUE", "QUEUE_DEFAULTS", "Effective", "Part", "layers", "part", "pool", "queue"]

QUEUE_DEFAULTS: Final = ("rateLimit", "retry", "retention", "circuitBreaker")
"""The groups of a policy's `defaults` that a Queue inherits."""

POOL_DEFAULTS: Final = ("drain", "rollout", "scaling", "resources", "podSecurityContext", "securityContext")
"""The groups of a policy's `defaults` that a WorkerPool inherits."""

SPEC: Final = bounds.SPEC
_QUEUE_OWN: Final = (*QUEUE_DEFAULTS, "drainTimeout", "deadLetter")
_POOL_OWN: Final = ("workload", "concurrency", "maxInFlight", "scaling", "drain", "rollout", "priority", "resources")
_FOLLOW: Final = {"maxInFlight": ("concurrency",), "scaling": ("concurrency",), "rollout": ("scaling",)}
"""The groups of a WorkerPool that follow from others where nothing sets them."""


class Part(NamedTuple):
    """Some groups of the effective values, for who asks for no others: by where they come from."""

    own: tuple[str, ...]
    inherited: tuple[str, ...]
    built_in: Mapping[str, Any]


QUEUE: Final = Part(_QUEUE_OWN, QUEUE_DEFAULTS, builtin.QUEUE)
POOL: Final = Part(_POOL_OWN, POOL_DEFAULTS, builtin.POOL)


def part(whole: Part, groups: Iterable[str]) -> Part:
    """What has to be merged so that these groups are as they are in the whole; all of it where none is named."""
    names = set(groups)
    if not names:
        return whole
    for name in tuple(names):
        names.update(_FOLLOW.get(name, ()))
    return Part(
        tuple(name for name in whole.own if name in names),
        tuple(name for name in whole.inherited if name in names),
        {name: value for name, value in whole.built_in.items() if name in names},
    )


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


def queue(spec: Mapping[str, Any], policies: Iterable[PolicyView] = (), of: Part = QUEUE) -> Effective:
    """The effective configuration of one Queue, or `of` it the groups of a part."""
    own = {key: spec[key] for key in of.own if key in spec}
    effective = merge([(SPEC, own), *layers(policies, of.inherited), (builtin.ORIGIN, of.built_in)])
    bounds.order_backoff(effective)
    if effective.get("circuitBreaker.failurePercent") is not None:
        effective.under(builtin.ORIGIN, builtin.CIRCUIT_BREAKER)
    if effective.get("rateLimit.jobs") is not None:
        effective.fill(builtin.ORIGIN, "rateLimit.burst", effective.get("rateLimit.jobs"))
    if "deadLetter" in of.own and _keeps_dead_letters(spec):
        kept = builtin.DEAD_LETTER_DELETION.get(text(spec, "management"), "Retain")
        effective.fill(builtin.ORIGIN, "deadLetter.deletionPolicy", kept)
    return effective


def _keeps_dead_letters(spec: Mapping[str, Any]) -> bool:
    """Whether there are dead letters: every layout has a place for them but one, other brokers where they are told."""
    layout = layouts.layout(spec)
    return layout not in layouts.WITHOUT_DEAD_LETTERS if layout else bool(text(spec, "deadLetter", "queueName"))


def pool(
    spec: Mapping[str, Any],
    queues: Iterable[Mapping[str, Any]] = (),
    policies: Iterable[PolicyView] = (),
    of: Part = POOL,
) -> Effective:
    """The effective configuration of one WorkerPool, or `of` it the groups of a part; `queues` are the specs of the
    queues it works off.
    """
    own = {key: spec[key] for key in of.own if key in spec}
    effective = merge([(SPEC, own), (SPEC, _of_template(spec)), *layers(policies, of.inherited)])
    effective.under(builtin.ORIGIN, of.built_in)
    bounds.hold_minimum(effective)
    bounds.let_something_be_replaced(effective)
    concurrency = effective.get("concurrency")
    if "maxInFlight" in of.own:
        effective.fill(builtin.ORIGIN, "maxInFlight", concurrency)
    if "scaling" in of.own:
        effective.fill(builtin.ORIGIN, "scaling.jobsPerReplica", concurrency)
    if effective.get("scaling.wait.target") is not None:
        effective.fill(builtin.ORIGIN, "scaling.wait.percentile", builtin.WAIT_PERCENTILE)
    if effective.get("scaling.fallback.replicas") is not None:
        effective.fill(builtin.ORIGIN, "scaling.fallback.after", builtin.FALLBACK_AFTER)
    if "drain" in of.own:
        effective.fill(builtin.ORIGIN, "drain.timeout", _drain_timeout(queues))
    if "rollout" in of.own:
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
