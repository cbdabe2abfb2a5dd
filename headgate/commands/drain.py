"""`headgate drain wp/NAME` or `--node NAME`: have workers finish what they run and go, and show how far that is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from headgate.durations import DURATION
from headgate.fleet import draining, intents
from headgate.fleet.emptying import NOT_IN_TIME, POLL_SECONDS, Emptying
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.patience import Patience


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
            emptying = Emptying(cluster, node, click.echo)
            await emptying.begin()
            return await emptying.follow(patience) if wait else 0
        click.echo(await cluster.carry_out(target, intents.drain))
        return await follow(cluster, target, patience, click.echo) if wait else 0

    run("drain", kubeconfig, namespace, work, everywhere=all_namespaces)


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
