"""`headgate drain wp/NAME` or `--node NAME`: have workers finish what they run and go, and show how far that is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from headgate.durations import DURATION
from headgate.fleet import draining, intents, nodes
from headgate.fleet.session import FIELD_MANAGER, Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.patience import Patience
from kube.client import Object
from kube.errors import Conflict, Forbidden, NotFound
from kube.resources import NODES, PODS

POLL_SECONDS: Final = 1.0
NOT_IN_TIME: Final = 1


@click.command("drain")
@click.argument("target", type=TargetType(POOLS), required=False)
@click.option("--node", default="", help="Instead of a pool: every worker on this node. They are replaced elsewhere.")
@click.option("-A", "--all-namespaces", is_flag=True, help="With --node: workers of all namespaces.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until the last worker is gone.")
@click.option(
    "--timeout",
    type=DURATION,
    default="1h",
    show_default=True,
    help="How long to stay, such as 90s. The drain goes on.",
)
@reaching
def command(
    target: Target | None,
    node: str,
    all_namespaces: bool,
    wait: bool,
    timeout: float,
    namespace: str,
    kubeconfig: Path | None,
) -> None:
    """Hold a pool at 0: its workers take nothing new, finish what they run, and go. `headgate resume` starts it again.

    With --node the workers on a node go that way, and their pools start others: cordon the node first.

    Exit codes: 0 drained, 1 not in time, 2 the cluster or the pool is not to be had.
    """
    if bool(node) is (target is not None) or (all_namespaces and not node):
        raise click.UsageError("say what to drain: wp/NAME, or --node NAME, which also takes -A")
    patience = Patience(timeout)

    async def work(cluster: Cluster) -> int:
        if target is None:
            await ask_workers(cluster, node, click.echo)
            return await follow_node(cluster, node, patience, click.echo) if wait else 0
        click.echo(await cluster.carry_out(target, intents.drain))
        return await follow(cluster, target, patience, click.echo) if wait else 0

    run("drain", kubeconfig, namespace, work, everywhere=all_namespaces)


async def ask_workers(cluster: Cluster, node: str, say: Callable[[str], object]) -> None:
    """Asks every worker on a node that nobody has asked yet."""
    if await _takes_pods(cluster, node):
        say(f"node {node}: takes new pods, so workers may come back to it; kubectl cordon {node}")
    asked = nodes.to_ask(await _workers(cluster, node))
    for pod in asked:
        metadata = pod["metadata"]
        with contextlib.suppress(NotFound, Conflict):
            # Gone, or another pod of its name: that one is on its own node.
            patch = nodes.request(pod, datetime.now(UTC))
            await cluster.client.merge_patch(
                PODS, metadata["name"], metadata["namespace"], patch, field_manager=FIELD_MANAGER
            )
    say(f"node {node}: {len(asked)} worker{'' if len(asked) == 1 else 's'} asked to drain")


async def follow_node(
    cluster: Cluster,
    node: str,
    patience: Patience,
    say: Callable[[str], object],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """Tells each change of who is left on a node; the exit code."""
    said = ""
    while left := await patience.ask(lambda: _workers(cluster, node)):
        if (line := nodes.progress(left)) != said:
            said = line
            say(f"node {node}: {line}")
        if patience.over:
            say(f"node {node}: not empty after {patience.seconds:g} s; the drain goes on")
            return NOT_IN_TIME
        await sleep(POLL_SECONDS)
    say(f"node {node}: no workers left")
    return 0


async def _workers(cluster: Cluster, node: str) -> Sequence[Object]:
    found = await cluster.client.list(
        PODS, cluster.namespace, label_selector=nodes.workers_selector(), field_selector=f"spec.nodeName={node}"
    )
    return [pod for pod in found.items if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]


async def _takes_pods(cluster: Cluster, node: str) -> bool:
    """Whether the scheduler may place pods there; not where nobody may tell. Raises NotFound for no such node."""
    try:
        found = await cluster.client.get(NODES, node)
    except Forbidden:
        return False
    return not found["spec"].get("unschedulable")


async def follow(
    cluster: Cluster,
    target: Target,
    patience: Patience,
    say: Callable[[str], object],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> int:
    """Tells each change of the drain in a line of its own; the exit code."""
    said: list[str] = []
    late: list[str] = []
    while True:
        pool = await patience.ask(lambda: cluster.get(target))
        if draining.drained(pool):
            say(f"{target}: drained in {patience.spent:.0f} s; `headgate resume {target}` starts it again")
            return 0
        lines = draining.progress(pool)
        if lines != said:
            said = lines
            say("\n".join([f"{target}: {lines[0]}", *lines[1:]]))
        overdue = draining.stuck(pool, datetime.now(UTC))
        if overdue != late and overdue:
            say(f"{target}: over drain.timeout: {', '.join(overdue)}; drain.onTimeout decides what follows")
        late = overdue
        if patience.over:
            say(f"{target}: not drained after {patience.seconds:g} s; the drain goes on")
            return NOT_IN_TIME
        await sleep(POLL_SECONDS)
