"""`python -m bench.drain`: starts the one node cluster of this machine, needs root, and takes twenty minutes."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from bench.drain import acts, figures
from bench.drain.acts import Acts
from bench.drain.watching import Load, Pods, beside
from examples.load.account import account
from tests.cluster import images, machine, redis, state
from tests.cluster.cluster import running_node
from tests.node.stack import Stack, eventually, queue, secret

KILL_SECONDS = (0.2, 8.0)
"""When within a removal the operator is killed."""
SETTLE_SECONDS = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drain", description=__doc__)
    parser.add_argument("--scale-downs", type=int, default=20)
    parser.add_argument("--rollouts", type=int, default=10)
    parser.add_argument("--deletes", type=int, default=5)
    parser.add_argument("--node-drains", type=int, default=3)
    parser.add_argument("--take-overs", type=int, default=3)
    parser.add_argument("--plain", type=int, default=10, help="scale-downs of the plain Deployment")
    parser.add_argument("--kill-every", type=int, default=3, help="in every so many removals the operator is killed")
    parser.add_argument("--workload", choices=("Deployment", "StatefulSet"), default="Deployment")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with stage() as stack:
        acting = Acts(stack, images.WORKER.name, workload=options.workload)
        acting.apply(acts.LOW)
        acting.until_serving(acts.LOW)
        fine = ours(acting, options)
        if options.plain:
            plain(acting, options.plain)
    sys.exit(0 if fine else 1)


@contextmanager
def stage() -> Iterator[Stack]:
    """A node, both charts, a broker and a queue."""
    claimed = state.claim()
    try:
        with running_node() as cluster, redis.running(claimed, machine.ADDRESS, redis.make_password()) as server:
            for image in (images.PRODUCT, images.WORKER):
                cluster.load_image(images.archive(image))
            cluster.kubectl("create", "namespace", "bench")
            stack = Stack(cluster, "bench", redis.PublishedRedis(server, redis.publish(server, cluster, "bench")))
            # Only an install of this scope sees nodes.
            stack.install("scope=cluster")
            stack.apply(secret(stack.redis), queue())
            yield stack
    finally:
        claimed.remove()


@dataclass
class Chaos:
    """Kills the operator now and then, at a moment of chance within a removal."""

    stack: Stack
    every: int
    rng: Random
    acts: int = 0
    kills: int = 0
    timers: list[threading.Timer] = field(default_factory=list)

    def around(self, act: Callable[[], None], kill: Callable[[Stack], None]) -> None:
        self.acts += 1
        if self.every and self.acts % self.every == 0:
            timer = threading.Timer(self.rng.uniform(*KILL_SECONDS), self._kill, [kill])
            timer.start()
            self.timers.append(timer)
        act()
        for timer in self.timers:
            timer.join()

    def _kill(self, kill: Callable[[Stack], None]) -> None:
        kill(self.stack)
        self.kills += 1


def ours(acting: Acts, options: argparse.Namespace) -> bool:
    """All kinds of removals, and what became of workers and jobs; whether all is as promised."""
    pods, load = Pods(acting.stack.cluster, "bench", acts.ALL), Load(acting.stack.redis.server.url, "ours")
    chaos = Chaos(acting.stack, options.kill_every, Random(options.seed))  # noqa: S311 - when, not whom, and repeatable
    kinds = {
        "scale-down": (acting.scale_down, options.scale_downs),
        "rollout": (acting.roll_out, options.rollouts),
        "delete of the pool": (acting.delete, options.deletes),
        "kubectl drain of the node": (acting.drain_node, options.node_drains),
        "take-over of a Deployment": (acting.take_over, options.take_overs),
    }
    began: dict[str, float] = {}
    with beside(pods.watch):
        with beside(load.feed):
            for name, (act, count) in kinds.items():
                began[name] = time.time()
                for number in range(count):
                    since = time.monotonic()
                    # On a cordoned node a new pod of the operator would find no place.
                    on_the_spot = act == acting.drain_node
                    chaos.around(act, acts.kill_reconcilers if on_the_spot else acts.replace_reconcilers)
                    print(f"{name} {number + 1}/{count}: {time.monotonic() - since:.1f} s", file=sys.stderr, flush=True)
        eventually("all jobs ended", lambda: account(load.ledger()).settled, True, SETTLE_SECONDS)
    ledger = load.ledger()
    found, by_pod = account(ledger), figures.runs(ledger.events)
    print(figures.HEADER)
    everything: list[figures.Removal] = []
    for name, everything in figures.phases(began, pods.lives.values(), by_pod):
        print(figures.line(name, everything))
    surge = "" if acting.workload == "StatefulSet" else " and a surge of 1"
    print(
        f"{figures.jobs(found)}; operator killed {chaos.kills} times;"
        f" at most {pods.most} pods at once with {acts.HIGH} replicas{surge}"
    )
    return figures.as_promised(found, everything) and pods.most <= acts.HIGH + 2


def plain(acting: Acts, count: int) -> None:
    """The same workers under the same load as a Deployment with a long grace period."""
    stack = acting.stack
    child = acting.child()
    acting.apply(0)
    eventually("the pool is empty", stack.pods, [], acts.PATIENCE)
    stack.apply(acts.plain_deployment(child))
    pods, load = Pods(stack.cluster, "bench", "app=plain"), Load(stack.redis.server.url, "plain")
    with beside(pods.watch), beside(load.feed):
        for _ in range(count):
            acts.scale_plain_down(stack)
    by_pod = figures.runs(load.ledger().events)
    print(figures.line("plain Deployment, grace 60 s", figures.removals(pods.lives.values(), by_pod)))


if __name__ == "__main__":
    main()
