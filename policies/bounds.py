"""Inherited values that would break an object's own bounds give way, so that no default can make an object invalid.

These are the relations between fields that the schema's rules state; there both fields are the user's, and a conflict
is refused. Here one of them was inherited, and that one yields.
"""

from __future__ import annotations

from crds import duration
from policies.fields import integer, text
from policies.merging import Effective

SPEC = "spec"


def hold_minimum(pool: Effective) -> None:
    """minReplicas <= maxReplicas; only the minimum can be inherited."""
    least = integer(pool.values, "scaling", "minReplicas")
    most = integer(pool.values, "scaling", "maxReplicas")
    if least is not None and most is not None and least > most and pool.origin("scaling.minReplicas") != SPEC:
        pool.replace("scaling.minReplicas", most)


def let_something_be_replaced(pool: Effective) -> None:
    """maxSurge and maxUnavailable are not both 0, or no worker could ever be replaced."""
    if is_zero(pool.get("rollout.maxSurge")) and is_zero(pool.get("rollout.maxUnavailable")):
        yielding = "rollout.maxSurge" if pool.origin("rollout.maxUnavailable") == SPEC else "rollout.maxUnavailable"
        if pool.origin(yielding) != SPEC:
            pool.replace(yielding, 1)


def order_backoff(queue: Effective) -> None:
    """retry.backoff.initial <= retry.backoff.max."""
    initial, longest = seconds(queue.get("retry.backoff.initial")), seconds(queue.get("retry.backoff.max"))
    if initial is None or longest is None or initial <= longest:
        return
    if queue.origin("retry.backoff.max") != SPEC:
        queue.replace("retry.backoff.max", text(queue.values, "retry", "backoff", "initial"))
    elif queue.origin("retry.backoff.initial") != SPEC:
        queue.replace("retry.backoff.initial", text(queue.values, "retry", "backoff", "max"))


def seconds(value: object) -> float | None:
    """A duration in seconds, or None for anything the schema would refuse."""
    if not isinstance(value, str):
        return None
    try:
        return duration.seconds(value)
    except ValueError:
        return None


def is_zero(value: object) -> bool:
    """Whether a number of replicas, or a share of them, is none."""
    return value in (0, "0%", "00%")
