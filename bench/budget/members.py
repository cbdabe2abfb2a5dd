"""A pool as the cluster has it: its revisions, their pods, the jobs these run, and how they come and go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final

from bench.budget.stage import Object, Stage
from crds import meta
from policies import effective
from reconciler.keys import Key, key_of
from reconciler.observations import QueueName
from reconciler.plans import rollout
from reconciler.plans.rollout import Revision

LONGEST_END: Final = 3
PROVED_SECONDS: Final = 3.0
_names = count(1)


@dataclass(slots=True, eq=False)
class Pod:
    """`done_at` is when its present job ends; `gone_at` when it is gone, once it was marked."""

    obj: Object
    born: float
    done_at: float
    draining: bool = False
    gone_at: float | None = None

    def idle(self, now: float) -> bool:
        return now >= self.done_at

    @property
    def uid(self) -> str:
        return str(self.obj["metadata"]["uid"])


@dataclass(slots=True)
class Child:
    """The Deployment of one revision: `replicas` is its number, whatever pods there are."""

    name: str
    created: float
    obj: Object
    pods: list[Pod] = field(default_factory=list)

    @property
    def replicas(self) -> int:
        return int(self.obj["spec"]["replicas"])

    @property
    def active(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.gone_at is None]


class Member:
    """One pool. `wanted` is what it was last decided to serve with, `demand` what its jobs call for."""

    def __init__(self, stage: Stage, name: str, namespace: str, priority: int, minimum: int, demand: int) -> None:
        self.stage = stage
        self.obj = stage.pool(name, namespace, priority)
        self.effective = effective.pool(self.obj["spec"])
        self.priority, self.minimum, self.demand = priority, minimum, demand
        self.wanted = 0
        self.gave = 0
        self.children: list[Child] = []
        self.begins_rollout()
        stage.told.of[QueueName(namespace, name)] = self._jobs

    @property
    def key(self) -> Key:
        return key_of(self.obj)

    @property
    def uid(self) -> str:
        return str(self.obj["metadata"]["uid"])

    @property
    def revision(self) -> str:
        return self.children[-1].name

    @property
    def asks_for(self) -> int:
        return max(self.demand, self.minimum)

    @property
    def pods(self) -> list[Pod]:
        return [pod for child in self.children for pod in child.pods]

    @property
    def rolling(self) -> bool:
        return any(child.replicas or child.pods for child in self.children[:-1])

    @property
    def at_rest(self) -> bool:
        still = all(pod.gone_at is None and not pod.draining for pod in self.pods)
        return still and not self.rolling and len(self.pods) == self.children[-1].replicas == self.wanted

    def begins_rollout(self) -> None:
        name = f"r{len(self.children)}"
        self.children.append(Child(name, self.stage.now, self.stage.deployment(self.obj, name)))

    def decided(self, wanted: int, surge: int | None, spared: frozenset[str]) -> Sequence[Pod]:
        """Carries out a decision as the drain pass does, and returns the pods that were asked to leave."""
        if wanted != self.wanted or "status" not in self.obj:
            self.obj = self.stage.put({**self.obj, "status": {"desiredReplicas": wanted}})
        self.wanted = wanted
        limits = rollout.within(rollout.bounds("25%", 0, wanted), surge)
        *old, current = (self._revision(child) for child in self.children)
        keep = rollout.targets(wanted, limits, current, old)
        return [pod for child in self.children for pod in self._resized(child, keep[child.name], spared)]

    def plays(self, rng: Random, longest_job: int) -> None:
        """A second passes: jobs begin and end, pods that were promised come, those that were marked go."""
        now = self.stage.now
        for child in self.children:
            for pod in child.active:
                if pod.idle(now) and not pod.draining and rng.random() < 0.5:
                    pod.done_at = now + rng.randint(1, longest_job)
                if pod.draining and pod.idle(now):
                    self._marks(child, pod, now + rng.randint(0, LONGEST_END))
            for pod in [pod for pod in child.pods if pod.gone_at is not None and pod.gone_at <= now]:
                child.pods.remove(pod)
                self.stage.ctx.world.store.remove(pod.obj)
            for _ in range(child.replicas - len(child.active)):
                if rng.random() < 0.7:
                    child.pods.append(Pod(self.stage.pod(self.obj, f"pod-{next(_names)}"), now, now))

    def _revision(self, child: Child) -> Revision:
        now = self.stage.now
        serving = [pod for pod in child.active if not pod.draining and now - pod.born >= 1]
        proved = any(now - pod.born >= PROVED_SECONDS for pod in serving)
        gone = len(child.pods) - len(child.active)
        return Revision(child.name, child.created, child.replicas, len(child.pods), gone, len(serving), proved)

    def _resized(self, child: Child, keep: int, spared: frozenset[str]) -> Iterator[Pod]:
        surplus = child.replicas - keep
        now = self.stage.now
        ordered = sorted(
            child.active, key=lambda pod: (not pod.draining, pod.uid in spared, not pod.idle(now), -pod.born)
        )
        missing = max(0, child.replicas - len(ordered))
        if surplus > 0 and missing:
            # What has not come yet need not go.
            self._scales(child, child.replicas - min(surplus, missing))
            surplus -= min(surplus, missing)
        for place, pod in enumerate(ordered):
            if place < surplus and not pod.draining:
                self._says(pod, draining=True)
                yield pod
            elif place >= surplus and pod.draining:
                self._says(pod, draining=False)
        if surplus < 0:
            self._scales(child, keep)

    def _marks(self, child: Child, pod: Pod, gone_at: float) -> None:
        """It has proved itself idle: its child is shrunk by it, and it is deleted."""
        pod.gone_at = gone_at
        labels = pod.obj["metadata"]["labels"] | {meta.LABEL_DRAINED: "true"}
        ending = {"deletionTimestamp": self.stage.time(gone_at), "labels": labels}
        pod.obj = self.stage.put({**pod.obj, "metadata": pod.obj["metadata"] | ending})
        self._scales(child, child.replicas - 1)

    def _says(self, pod: Pod, *, draining: bool) -> None:
        pod.draining = draining
        annotations = {meta.ANNOTATION_DRAIN: "ScaleDown/x"} if draining else {}
        pod.obj = self.stage.put({**pod.obj, "metadata": pod.obj["metadata"] | {"annotations": annotations}})

    def _scales(self, child: Child, replicas: int) -> None:
        child.obj = self.stage.put({**child.obj, "spec": {"replicas": replicas}})

    def _jobs(self) -> Iterator[tuple[str, int]]:
        return ((pod.uid, int(not pod.idle(self.stage.now))) for pod in self.pods)
