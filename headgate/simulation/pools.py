"""From a WorkerPool's manifest and those of its queues to the settings that a law works with. Pure.

What a Policy would inherit is not known here, so what the manifest leaves open is the built-in default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crds import duration
from headgate.simulation.settings import MIDNIGHT, QueueSettings, Settings
from policies import effective
from policies.effective import Effective
from reconciler.plans import behavior, schedules
from reconciler.plans.facts import DEFAULT_PERCENTILE, DEFAULT_STARTUP_SECONDS, Fallback, Hold, Rate
from reconciler.plans.schedules import Schedule

Spec = Mapping[str, Any]


class PoolError(ValueError):
    """A pool that cannot be played; the message says what has to be mended."""


def settings(
    spec: Spec, queues: Mapping[str, Spec] | None = None, startup: float | None = None, begin: datetime = MIDNIGHT
) -> Settings:
    """`spec` is a WorkerPool's, `queues` are those of the Queues that are known, by name; `startup` is how long pods
    really take. Raises PoolError.
    """
    own = effective.pool(spec)
    known = _seconds(own, "scaling.startupTime")
    return Settings(
        max_replicas=own.get("scaling.maxReplicas"),
        min_replicas=own.get("scaling.minReplicas"),
        concurrency=own.get("concurrency"),
        jobs_per_replica=own.get("scaling.jobsPerReplica"),
        queues=tuple(_queue(one, (queues or {}).get(one["name"], {}), own) for one in spec["queues"]),
        percentile=own.get("scaling.wait.percentile") or DEFAULT_PERCENTILE,
        catch_up=_seconds(own, "scaling.catchUpTime"),
        startup=startup or known or DEFAULT_STARTUP_SECONDS,
        known_startup=known,
        behavior=behavior.parsed(own.get("scaling.behavior")),
        schedules=_schedules(spec),
        fallback=_fallback(own),
        hold=_hold(spec.get("hold")),
        paused=bool(spec.get("paused")),
        begin=begin,
    )


def unplayed(spec: Spec, queues: Mapping[str, Spec]) -> list[str]:
    """The fields that are set and change how jobs wait in a cluster, but not in a run."""
    own = effective.pool(spec)
    named = [one["name"] for one in spec["queues"]]
    found = {
        "workload.type StatefulSet": own.get("workload.type") == "StatefulSet",
        "maxInFlight": own.get("maxInFlight") != own.get("concurrency"),
        f"drain.onTimeout {own.get('drain.onTimeout')}": own.get("drain.onTimeout") != "Wait",
        "takeOver": "takeOver" in spec,
        **{f"priorities of {one['name']}": "priorities" in one for one in spec["queues"]},
        **{f"priorities of Queue {name}": "priorities" in queues.get(name, {}) for name in named},
    }
    return [field for field, is_set in found.items() if is_set]


def _queue(reference: Spec, queue: Spec, own: Effective) -> QueueSettings:
    """A queue as the pool refers to it, and as it is."""
    limit = effective.queue(queue)
    rate = _rate(limit)
    target = reference.get("waitTarget") or own.get("scaling.wait.target")
    return QueueSettings(
        name=reference["name"],
        target=None if target is None else duration.seconds(target),
        rate=rate,
        burst=limit.get("rateLimit.burst") if rate is not None else None,
        weight=reference.get("weight"),
        paused=bool(queue.get("paused")),
    )


def _rate(own: Effective) -> Rate | None:
    jobs, per = own.get("rateLimit.jobs"), own.get("rateLimit.per")
    return None if jobs is None or per is None else Rate(jobs, duration.seconds(per), per)


def _schedules(spec: Spec) -> tuple[Schedule, ...]:
    known, wrong = schedules.understood(spec["scaling"].get("schedules") or ())
    if wrong:
        raise PoolError("; ".join(wrong))
    return known


def _fallback(own: Effective) -> Fallback | None:
    replicas = own.get("scaling.fallback.replicas")
    return None if replicas is None else Fallback(duration.seconds(own.get("scaling.fallback.after")), replicas)


def _hold(hold: Spec | None) -> Hold | None:
    if not hold:
        return None
    until = hold.get("until")
    return Hold(hold["replicas"], datetime.fromisoformat(until).timestamp() if until else None)


def _seconds(own: Effective, path: str) -> float | None:
    text = own.get(path)
    return None if text is None else duration.seconds(text)
