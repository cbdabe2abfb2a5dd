"""`headgate release --install`: what `helm uninstall` runs before it takes anything away."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from crds import duration
from headgate.patience import Patience
from headgate.releasing import release
from kube import config
from kube.client import Client
from kube.config import ConfigError
from kube.errors import ApiError


@click.command("release")
@click.option("--install", is_flag=True, help="Let go of a whole install, to remove it.")
@click.option("-n", "--namespace", default="", help="Namespace of the install. Empty: the kubeconfig's or the pod's.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig. Absent: the pod's service account.")
@click.option("--timeout", default="2m", show_default=True, help="How long to try, such as 90s.")
def command(install: bool, namespace: str, kubeconfig: Path | None, timeout: str) -> None:
    """Take the webhooks and every finalizer of Headgate out of a namespace, so that nothing in it needs Headgate.

    Queues, WorkerPools and workers stay; nobody scales or drains them any more.
    """
    if not install:
        raise click.UsageError("say what to release: --install for a whole install")
    try:
        patience = Patience(duration.seconds(timeout))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--timeout") from error
    try:
        asyncio.run(_run(namespace, kubeconfig, patience))
    except (ApiError, ConfigError) as error:
        click.echo(f"headgate release: {error}", err=True)
        sys.exit(2)


async def _run(namespace: str, kubeconfig: Path | None, patience: Patience) -> None:
    async with Client(await config.load(kubeconfig)) as client:
        await release(client, namespace or client.connection.namespace, patience, click.echo)
