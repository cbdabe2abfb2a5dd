"""`headgate resume KIND/NAME`: what a person has stopped goes on."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.fleet import intents
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import Target, TargetType


@click.command("resume")
@click.argument("target", type=TargetType())
@reaching
def command(target: Target, namespace: str, kubeconfig: Path | None) -> None:
    """Lift pause and hold, so that a pool follows its queues again and a queue is taken from."""

    async def work(cluster: Cluster) -> int:
        click.echo(await cluster.carry_out(target, intents.resume))
        return 0

    run("resume", kubeconfig, namespace, work)
