"""`headgate pause KIND/NAME`: leave a pool as it is, or have nobody take from a queue."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.fleet import intents
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import Target, TargetType


@click.command("pause")
@click.argument("target", type=TargetType())
@reaching
def command(target: Target, namespace: str, kubeconfig: Path | None) -> None:
    """Pause a pool (Headgate changes nothing on it) or a queue (its workers take nothing new)."""

    async def work(cluster: Cluster) -> int:
        click.echo(await cluster.carry_out(target, intents.pause))
        return 0

    run("pause", kubeconfig, namespace, work)
