"""`headgate inject`: what `helm install` runs where the reconciler has no right in the cluster."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from certs.keeping import Duty, Keeper, Report
from certs.rotation import Lifetimes
from headgate.durations import DURATION
from headgate.patience import Patience
from kube import config
from kube.client import Client
from kube.config import ConfigError


@click.command("inject")
@click.option("-n", "--namespace", default="", help="Namespace of the install. Empty: the kubeconfig's or the pod's.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Kubeconfig. Absent: the pod's service account.")
@click.option("--service", default="headgate-webhook", show_default=True, help="Service of the webhook.")
@click.option("--authority-lifetime", default=3650 * 86400.0, show_default=True, help="Seconds.")
@click.option("--leaf-lifetime", default=90 * 86400.0, show_default=True, help="Seconds.")
@click.option("--settle", default=30.0, show_default=True, help="Seconds between the steps of a change of authority.")
@click.option("--timeout", type=DURATION, default="3m", show_default=True, help="How long to try, such as 90s.")
def command(
    namespace: str,
    kubeconfig: Path | None,
    service: str,
    authority_lifetime: float,
    leaf_lifetime: float,
    settle: float,
    timeout: float,
) -> None:
    """Put the authority of an install into its webhook configurations, and change it where it is due.

    Exit codes: 0 done, 1 not in time, 2 there is no API server.
    """
    lifetimes = Lifetimes(*(timedelta(seconds=each) for each in (authority_lifetime, leaf_lifetime, settle)))
    patience = Patience(timeout)
    try:
        why = asyncio.run(_run(namespace, kubeconfig, service, lifetimes, patience))
    except ConfigError as error:
        click.echo(f"headgate inject: {error}", err=True)
        sys.exit(2)
    if why:
        click.echo(f"not injected after {timeout:g} s: {why}", err=True)
        sys.exit(1)
    click.echo("injected: the API server trusts the authority of the install")


async def _run(namespace: str, kubeconfig: Path | None, service: str, lifetimes: Lifetimes, patience: Patience) -> str:
    async with Client(await config.load(kubeconfig)) as client:
        duty = Duty(namespace=namespace or client.connection.namespace, service=service, lifetimes=lifetimes)
        keeper = Keeper(client, duty, lambda: client.server_date or datetime.now(UTC))
        while why := _unfinished(await keeper.one_pass()):
            if patience.over:
                return why
            await patience.pause()
    return ""


def _unfinished(report: Report) -> str:
    """ "" when the certificates are good and injected."""
    if report.bundle is None:
        return report.fault
    return report.bundle.reason if report.bundle.waiting else ""
