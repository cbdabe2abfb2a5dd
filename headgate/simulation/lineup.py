"""Who is to be played: pools from manifests, changes to the first of them, targets to be priced, and peers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crds import meta
from headgate.simulation import pools, price, variants
from headgate.simulation.comparison import Candidate
from headgate.simulation.laws import Headgate
from headgate.simulation.peers import HorizontalPodAutoscaler, Keda
from headgate.simulation.pools import PoolError
from headgate.simulation.settings import Settings

MOST: Final = 12
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lineup:
    """`prices` are the candidates for wait targets, by target; `unplayed` says what a run leaves out, in sentences."""

    candidates: list[Candidate]
    prices: dict[float, Candidate]
    unplayed: list[str]


def entered(
    objects: Sequence[Object],
    changes: Sequence[str],
    targets: Sequence[float],
    startup: float | None,
    begin: datetime,
    *,
    peers: bool,
) -> Lineup:
    """`objects` are in the stored version. Raises PoolError."""
    found = variants.named(objects, meta.WORKER_POOL.kind)
    queues = _specs(variants.named(objects, meta.QUEUE.kind))
    if not found:
        raise PoolError("there is no WorkerPool to play")
    first = next(iter(found.values()))
    specs = _specs(found | {change: variants.changed(first, change) for change in changes})
    if len(specs) + len(targets) > MOST:
        raise PoolError(f"at most {MOST} candidates at a time, not {len(specs) + len(targets)}")
    ours = [Candidate(name, pools.settings(spec, queues, startup, begin), Headgate) for name, spec in specs.items()]
    own = [one["name"] for one in first["spec"]["queues"] if "waitTarget" in one]
    return Lineup(
        candidates=[*ours, *(_peers(ours[0].settings) if peers else ())],
        prices=price.candidates(ours[0], targets, own) if targets else {},
        unplayed=list(_unplayed(found, queues)),
    )


def _unplayed(found: Mapping[str, Object], queues: Mapping[str, Object]) -> Iterable[str]:
    for name, pool in found.items():
        if fields := pools.unplayed(pool["spec"], queues):
            yield f"{name}: not played: {', '.join(fields)}"


def _peers(settings: Settings) -> list[Candidate]:
    return [
        Candidate("HPA, waiting + running", settings, HorizontalPodAutoscaler),
        Candidate("KEDA, list length 5", settings, Keda),
    ]


def _specs(objects: Mapping[str, Object]) -> dict[str, Object]:
    return {name: obj["spec"] for name, obj in objects.items()}
