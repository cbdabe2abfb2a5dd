"""What of a Policy stands where: v1beta1 has its defaults, and none of its limits."""

from __future__ import annotations

from typing import Final

from crds.conversion.lens import Lens, Values, group, same
from crds.conversion.queue import backoff, rate_limit

ALL_FAIL: Final = 100
"""Per cent. So many failures in a row open the breaker: that many jobs ended in the window, and all of them failed."""


def failures_to_beta(hub: Values) -> Values:
    samples = hub.get("samples")
    in_a_row = hub.get("percent") == ALL_FAIL and type(samples) is int and 1 <= samples <= 100
    return {"failures": samples} if in_a_row else {}


def failures_to_hub(beta: Values) -> Values:
    return {"percent": ALL_FAIL, "samples": beta["failures"]} if "failures" in beta else {}


_BREAKER: Final = "defaults.circuitBreaker"
_STANDARDS: Final = "securityPolicy.podSecurityStandards"

LENSES: Final[tuple[Lens, ...]] = (
    # What v1beta1 can say are defaults, for which the action has no meaning.
    group("action", {"action": "action"}, {}, lambda _: {}, lambda _: {"action": "Deny"}),
    group(
        f"{_BREAKER}.failurePercent",
        {"percent": f"{_BREAKER}.failurePercent", "samples": f"{_BREAKER}.minSamples"},
        {"failures": "circuitBreaker.failureThreshold"},
        failures_to_beta,
        failures_to_hub,
    ),
    same(f"{_BREAKER}.halfOpenProbes", "circuitBreaker.recoveryThreshold"),
    same(f"{_BREAKER}.cooldown", "circuitBreaker.timeout"),
    *backoff("defaults.retry.backoff", "retryDefaults"),
    rate_limit("defaults.rateLimit", "rateLimitDefaults"),
    same("defaults.securityContext.allowPrivilegeEscalation", f"{_STANDARDS}.allowPrivilegeEscalation"),
    same("defaults.podSecurityContext.runAsNonRoot", f"{_STANDARDS}.runAsNonRoot"),
)
