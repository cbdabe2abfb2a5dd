"""From a WorkerPool's manifest to the settings that a law works with. Pure.

What a Policy would inherit is not known here, so what the manifest leaves open is the built-in default. A pool of
several queues is played as one with a single stream of jobs, under the strictest of its wait targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from crds import duration
from headgate.simulation.settings import Settings
from policies import effective
from policies.effective import Effective
from reconciler.plans import behavior
from reconciler.plans.facts import DEFAULT_PERCENTILE, DEFAULT_STARTUP_SECONDS, Rate

NUMBERS: Final = "0123456789"


class VariantError(ValueError):
    """What `--set` says cannot be set."""


def settings(spec: Mapping[str, Any], queue: Mapping[str, Any] | None = None, startup: float | None = None) -> Settings:
    """`spec` is a WorkerPool's, `queue` the spec of its queue; `startup` is how long pods really take."""
    own = effective.pool(spec)
    targets = [one["waitTarget"] for one in spec.get("queues", ()) if "waitTarget" in one]
    target = min((duration.seconds(one) for one in targets), default=_seconds(own, "scaling.wait.target"))
    known = _seconds(own, "scaling.startupTime")
    return Settings(
        max_replicas=own.get("scaling.maxReplicas"),
        min_replicas=own.get("scaling.minReplicas"),
        concurrency=own.get("concurrency"),
        jobs_per_replica=own.get("scaling.jobsPerReplica"),
        target=target,
        percentile=own.get("scaling.wait.percentile") or DEFAULT_PERCENTILE,
        catch_up=_seconds(own, "scaling.catchUpTime"),
        startup=startup or known or DEFAULT_STARTUP_SECONDS,
        known_startup=known,
        behavior=behavior.parsed(own.get("scaling.behavior")),
        rate=_rate(queue),
    )


def changed(spec: Mapping[str, Any], change: str) -> dict[str, Any]:
    """The spec with one or more `path=value`, joined by commas. Raises VariantError."""
    found = deepcopy(dict(spec))
    for part in change.split(","):
        path, equals, text = part.partition("=")
        keys = path.strip().removeprefix("spec.").split(".")
        if not equals or not all(keys):
            raise VariantError(f"{part.strip()!r} is not of the form scaling.wait.target=1m")
        _put(found, keys, _value(text.strip()), part)
    return found


def _put(node: dict[str, Any], keys: Sequence[str], value: Any, part: str) -> None:
    for key in keys[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise VariantError(f"{part.strip()!r} goes through {key}, which is no object")
    node[keys[-1]] = value


def _value(text: str) -> Any:
    return int(text) if text and all(letter in NUMBERS for letter in text) else text


def _seconds(own: Effective, path: str) -> float | None:
    text = own.get(path)
    return None if text is None else duration.seconds(text)


def _rate(queue: Mapping[str, Any] | None) -> Rate | None:
    limit = (queue or {}).get("rateLimit")
    return Rate(limit["jobs"], duration.seconds(limit["per"]), limit["per"]) if limit else None
