"""From the writes to pods to the removals of workers, each judged once. Pure.

A delete that the API server accepts answers the pod as it was, so it is judged by that. An eviction answers no pod:
it is judged by the last state that any write showed. What follows on a pod that is leaving already, such as the
kubelet's own last delete, is no removal.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from headgate.removals.auditlog import PodEvent
from headgate.removals.proof import Proof, proof_of

MOST_REMEMBERED: Final = 200_000
"""Pods kept in mind, so that a log without bounds takes bounded memory."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One worker that somebody had removed."""

    time: str
    namespace: str
    pod: str
    pool: str
    by: str
    how: str
    proof: Proof


class Account:
    """What is known of the pods while a log is read in its order."""

    def __init__(self) -> None:
        self._pods: OrderedDict[tuple[str, str], Mapping[str, Any]] = OrderedDict()
        self._leaving: OrderedDict[str, None] = OrderedDict()

    def removals(self, events: Iterable[PodEvent]) -> Iterator[Removal]:
        for event in events:
            found = self._removal(event)
            if event.pod is not None and event.subresource in ("", "status"):
                self._remember(event, event.pod)
            if found is not None:
                yield found

    def _removal(self, event: PodEvent) -> Removal | None:
        how = _how(event)
        if not how:
            return None
        pod = event.pod or self._pods.get((event.namespace, event.name))
        if pod is None:
            # Without a body nobody knows whether it was a worker at all.
            return _told(event, how, "", Proof.UNKNOWN) if event.verb == "delete" else None
        metadata = pod["metadata"]
        pool = (metadata.get("labels") or {}).get(meta.LABEL_POOL)
        if pool is None or metadata["uid"] in self._leaving:
            return None
        _bounded(self._leaving, metadata["uid"], None)
        return _told(event, how, pool, proof_of(pod, event.user, event.groups, event.at))

    def _remember(self, event: PodEvent, pod: Mapping[str, Any]) -> None:
        if meta.LABEL_POOL in (pod["metadata"].get("labels") or {}):
            _bounded(self._pods, (event.namespace, event.name), pod)


def tally(removals: Iterable[Removal]) -> Counter[Proof]:
    return Counter(removal.proof for removal in removals)


def _how(event: PodEvent) -> str:
    if event.verb == "delete" and not event.subresource:
        return "deleted"
    return "evicted" if event.verb == "create" and event.subresource == "eviction" else ""


def _told(event: PodEvent, how: str, pool: str, proof: Proof) -> Removal:
    by = f"{event.user} (impersonated by {event.sender})" if event.sender else event.user
    return Removal(event.time, event.namespace, event.name, pool, by, how, proof)


def _bounded(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST_REMEMBERED:
        kept.popitem(last=False)
