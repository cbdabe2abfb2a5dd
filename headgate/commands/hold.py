"""`headgate hold wp/NAME --replicas N`: a fixed size for now, with a reason and an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from headgate.durations import DURATION
from headgate.fleet import intents
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType


@click.command("hold")
@click.argument("target", type=TargetType(POOLS))
@click.option("--replicas", type=click.IntRange(0, 1000), required=True, help="How many workers, 0 to 1000.")
@click.option(
    "--for", "period", type=DURATION, default=None, help="How long, such as 2h. Absent: until `headgate release`."
)
@click.option("--reason", default=None, help="Why, for those who come later.")
@reaching
def command(
    target: Target, replicas: int, period: float | None, reason: str | None, namespace: str, kubeconfig: Path | None
) -> None:
    """Keep a pool at a number of workers; autoscaling is off until the hold is lifted or ends."""
    until = None if period is None else _until(period, datetime.now(UTC))

    async def work(cluster: Cluster) -> int:
        click.echo(await cluster.carry_out(target, lambda spec: intents.hold(spec, replicas, until, reason)))
        return 0

    run("hold", kubeconfig, namespace, work)


def _until(period: float, now: datetime) -> str:
    return (now + timedelta(seconds=period)).strftime("%Y-%m-%dT%H:%M:%SZ")
