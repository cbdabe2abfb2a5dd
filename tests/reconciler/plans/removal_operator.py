"""A reconciler for the simulated world, stopped after every request: it may crash there, or another one may act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.plans.actions import Action, Cancel, DeleteMarked, Mark, Request, Scale, Unmark
from reconciler.plans.child import PENDING, RUNNING, Child, Pod
from reconciler.plans.child import Request as Standing
from reconciler.plans.removal import Plan, plan
from reconciler.workers import Activity, Asked, Fences, states
from tests.reconciler.plans.removal_world import Refused, Simulated, World


@dataclass
class Operator:
    """`keep` is what this one believes is wanted. All it remembers are its fences, and those may be lost."""

    world: World
    keep: int
    plan: Callable[[Child], Plan] = plan
    fences: Fences = field(default_factory=Fences)
    steps: Iterator[None] = field(default_factory=lambda: iter(()))

    def step(self) -> None:
        """Up to the next request, or the beginning of the next pass."""
        if next(self.steps, self) is self:
            self.steps = self._pass()

    def crash(self) -> None:
        self.fences = Fences()
        self.steps = iter(())

    def _pass(self) -> Iterator[None]:
        world = self.world
        child = self._child()
        yield
        listed = [(pod, _asked(pod), _pod(pod)) for pod in world.pods.values()]
        yield
        self.fences.seen(asked for _, asked, _ in listed)
        observation = world.observe()
        self.fences.read("orders", observation.time)
        yield
        workers = states([asked for _, asked, _ in listed], {"orders": observation}, self.fences)
        pods = [replace(pod, worker=workers[pod.uid]) for _, _, pod in listed]
        facts = self._facts(child, pods)
        for action in self.plan(facts).actions:
            try:
                apply(world, facts, action)
            except Refused:
                return
            yield

    def _child(self) -> Child:
        world = self.world
        return Child(
            name="c",
            uid="c",
            version=str(world.version),
            replicas=world.replicas,
            keep=self.keep,
            now=world.now,
            generation=world.generation,
            observed_generation=world.observed,
            guarded=world.guarded,
        )

    def _facts(self, child: Child, pods: Sequence[Pod]) -> Child:
        return replace(child, pods=pods)


def believing(child: Child) -> Child:
    """The child as one sees it who takes the word of workers that are merely idle."""
    pods = [
        replace(pod, worker=replace(pod.worker, activity=Activity.DRAINED)) if pod.idle else pod for pod in child.pods
    ]
    return replace(child, pods=pods)


def apply(world: World, child: Child, action: Action) -> None:
    match action:
        case Request(pod, reason):
            world.patch(pod.name, int(pod.version), request=(str(reason), world.now))
        case Cancel(pod):
            world.patch(pod.name, int(pod.version), request=None, bound=None, cost=0, forced=False)
        case Unmark(pod):
            world.patch(pod.name, int(pod.version), bound=None)
        case Mark(pod, reason, forced):
            asked = {} if reason is None else {"request": (str(reason), world.now)}
            cost = -(2**31)
            world.patch(pod.name, int(pod.version), bound=pod.container, cost=cost, forced=forced, **asked)
        case Scale(before, after):
            world.scale(before, after, int(child.version) if action.shrinks else None)
        case DeleteMarked(pod):
            world.delete(pod.name, int(pod.version))


def _asked(pod: Simulated) -> Asked:
    request = f"{pod.request[0]}/{pod.request[1]}" if pod.request else ""
    return Asked(pod.uid, pod.name, pod.reported, request, restarts=max(0, pod.starts - 1))


def _pod(pod: Simulated) -> Pod:
    return Pod(
        name=pod.name,
        uid=pod.uid,
        version=str(pod.version),
        created=pod.created,
        container=pod.reported,
        runs=pod.reported_running,
        scheduled=pod.scheduled,
        phase=RUNNING if pod.reported else PENDING,
        ready=pod.ready,
        request=Standing(*pod.request) if pod.request else None,
        bound=pod.bound,
        forced=pod.forced,
        terminating=pod.terminating,
        ordinal=pod.ordinal,
    )
