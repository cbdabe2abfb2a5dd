"""`headgate wait-ready`: what `helm install` waits for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from headgate.durations import DURATION
from headgate.patience import Patience
from headgate.startup import wait_ready
from kube import config
from kube.client import Client
from kube.config import ConfigError


@click.command("wait-ready")
@click.option("-n", "--namespace", default="", help="Namespace of the install. Empty: the kubeconfig's or the pod's.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig. Absent: the pod's service account.")
@click.option("--timeout", type=DURATION, default="3m", show_default=True, help="How long to wait, such as 90s.")
def command(namespace: str, kubeconfig: Path | None, timeout: float) -> None:
    """Wait until the API server reaches the webhook of an install, so that an apply is answered.

    Exit codes: 0 it does, 1 it does not in time, 2 there is no API server.
    """
    patience = Patience(timeout)
    try:
        why = asyncio.run(_run(namespace, kubeconfig, patience))
    except ConfigError as error:
        click.echo(f"headgate wait-ready: {error}", err=True)
        sys.exit(2)
    if why:
        click.echo(f"not ready after {timeout:g} s: {why}", err=True)
        sys.exit(1)
    click.echo("ready: the API server reaches the webhook")


async def _run(namespace: str, kubeconfig: Path | None, patience: Patience) -> str:
    async with Client(await config.load(kubeconfig)) as client:
        return await wait_ready(client, namespace or client.connection.namespace, patience)
