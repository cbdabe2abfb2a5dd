"""`headgate drain wp/NAME`: have every worker of a pool finish what it runs and go, and show how far that is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from crds import duration
from headgate.fleet import draining, intents
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.patience import Patience

POLL_SECONDS: Final = 1.0
NOT_IN_TIME: Final = 1


@click.command("drain")
@click.argument("target", type=TargetType(POOLS))
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until the last worker is gone.")
@click.option("--timeout", default="1h", show_default=True, help="How long to stay, such as 90s. The drain goes on.")
@reaching
def command(target: Target, wait: bool, timeout: str, namespace: str, kubeconfig: Path | None) -> None:
    """Hold a pool at 0: its workers take nothing new, finish what they run, and go. `headgate resume` starts it again.

    Exit codes: 0 drained, 1 not in time, 2 the cluster or the pool is not to be had.
    """
    try:
        patience = Patience(duration.seconds(timeout))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--timeout") from error

    async def work(cluster: Cluster) -> int:
        click.echo(await cluster.carry_out(target, intents.drain))
        return await follow(cluster, target, patience, click.echo) if wait else 0

    run("drain", kubeconfig, namespace, work)


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
