"""What the process knows of its own health: the checks behind /healthz and /readyz, and the gauges about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kube.client import Client
from kube.events import Recorder
from kube.lease import LeaderElection
from reconciler import metrics
from reconciler.health import Check, Health
from reconciler.keys import Key
from reconciler.metrics import Metrics
from reconciler.pulse import Pulse
from reconciler.sync import Synchroniser
from reconciler.workqueue import WorkQueue

ANSWERED_WITHIN: Final = 30.0
"""A watch is blamed for its silence only if the API server answered something else lately; the Lease asks every 4 s."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """`resources` names the kind behind each watched path; `silence` is how many seconds a watch may be quiet."""

    client: Client
    pulse: Pulse
    resources: Mapping[str, str]
    synchroniser: Synchroniser
    election: LeaderElection
    recorder: Recorder
    queue: WorkQueue[Key]
    metrics: Metrics
    monotonic: Callable[[], float]
    silence: float

    def health(self) -> Health:
        alive: dict[str, Check] = {"watches": self.dead_watches, "store": self.lagging_kinds}
        ready: dict[str, Check] = {"crds": self.missing_crds, "store": self.incomplete}
        return Health(alive, ready, self.current_metrics)

    def dead_watches(self) -> str:
        if not self.synchroniser.started.is_set() or not self._server_answers():
            return ""
        silent = {self.resources[path]: age for path, age in self.pulse.ages().items() if age > self.silence}
        return ", ".join(f"{resource} silent for {age:.0f} s" for resource, age in sorted(silent.items()))

    def lagging_kinds(self) -> str:
        lagging = self.synchroniser.lagging if self._server_answers() else {}
        return ", ".join(f"{kind} lacks {len(keys)} objects" for kind, keys in sorted(lagging.items()))

    def missing_crds(self) -> str:
        served = self.synchroniser.started.is_set()
        return "" if served else "the CustomResourceDefinitions of Headgate are not installed"

    def incomplete(self) -> str:
        return "" if self.synchroniser.synced.is_set() else "the store is being filled"

    def current_metrics(self) -> Metrics:
        agenda = self.queue.agenda
        self.metrics.set(metrics.WORKQUEUE_DEPTH, value=agenda.depth)
        self.metrics.set(metrics.WORKQUEUE_HELD, value=agenda.held)
        self.metrics.set(metrics.LEADING, value=float(self.election.leading))
        self.metrics.set(metrics.EVENTS_DROPPED, value=self.recorder.dropped)
        for path, age in self.pulse.ages().items():
            self.metrics.set(metrics.WATCH_AGE, self.resources[path], value=age)
        return self.metrics

    def _server_answers(self) -> bool:
        return self.monotonic() - self.client.answered_at < ANSWERED_WITHIN
