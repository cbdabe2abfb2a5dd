"""The same small cluster with a StatefulSet in it: a controller that knows nothing but ordinals, and its reconciler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reconciler.plans.child import Child, Pod
from reconciler.plans.ordinals import plan, replaceable
from reconciler.plans.removal import Plan
from tests.reconciler.plans.removal_operator import Operator
from tests.reconciler.plans.removal_world import Refused, Simulated, World


@dataclass
class OrdinalWorld(World):
    """`revision` is that of the set's template, `born` the one its controller gives to new pods: it may be behind."""

    revision: int = 0
    born: int = 0

    def revise(self) -> None:
        self.revision += 1
        self.generation += 1
        self.version += 1

    def _deployment(self) -> None:
        self.born = self.revision
        super()._deployment()

    def _replica_set(self) -> None:
        """What is missing is started, what is beyond is deleted, in one go; then it writes its status."""
        for ordinal in range(self.wanted):
            if (name := f"w-{ordinal}") not in self.pods:
                self.births += 1
                self.version += 1
                self.pods[name] = Simulated(
                    name,
                    self.now,
                    version=1000 * self.births,
                    uid=f"u{self.births}",
                    ordinal=ordinal,
                    revision=self.born,
                    synced=self.now,
                    heard=self.now,
                )
        for pod in sorted(self.active, key=lambda pod: -pod.ordinal):
            if pod.ordinal >= self.wanted:
                try:
                    self.delete(pod.name)
                except Refused:
                    continue


@dataclass
class OrdinalOperator(Operator):
    """`out` is how many places may lack a worker during a rollout."""

    plan: Callable[[Child], Plan] = plan
    out: int = 1

    def _child(self) -> Child:
        return replace(super()._child(), ordered=True)

    def _facts(self, child: Child, pods: Sequence[Pod]) -> Child:
        assert isinstance(self.world, OrdinalWorld)
        here = self.world.pods
        known = [
            replace(pod, outdated=pod.name in here and here[pod.name].revision != self.world.revision) for pod in pods
        ]
        serving = {pod.uid for pod in known if pod.active and pod.ready and pod.request is None}
        facts = replace(child, pods=known)
        return replace(facts, replacing=replaceable(facts, self.out, serving))
