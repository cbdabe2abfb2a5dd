"""`headgate release`: a pool from its hold, or with `--install` everything from Headgate, as `helm uninstall` does."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.durations import DURATION
from headgate.fleet import intents
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.patience import Patience
from headgate.releasing import release, remove_reports
from webhooks.settings import Scope


@click.command("release")
@click.argument("target", type=TargetType(POOLS), required=False)
@click.option("--install", is_flag=True, help="Let go of a whole install, to remove it.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.NAMESPACED.value,
    show_default=True,
    help="With --install: the install's scope; with cluster, finalizers go in every namespace nobody else has claimed.",
)
@click.option(
    "--reports", is_flag=True, help="With --install: its Reports of openreports.io go too. Alone: only they go."
)
@click.option(
    "--timeout", type=DURATION, default="2m", show_default=True, help="With --install: how long to try, such as 90s."
)
@reaching
def command(
    target: Target | None,
    install: bool,
    scope: str,
    reports: bool,
    timeout: float,
    namespace: str,
    kubeconfig: Path | None,
) -> None:
    """Lift the hold of a pool, so that it follows its queues again.

    With --install: take the webhooks and every finalizer of an install away, so that nothing it looked after needs
    Headgate. Queues, WorkerPools and workers stay; nobody scales or drains them any more.
    """
    if (install or reports) is (target is not None):
        raise click.UsageError("say what to release: wp/NAME from its hold, or --install for a whole install")
    patience = Patience(timeout)

    async def work(cluster: Cluster) -> int:
        if target is None:
            assert cluster.namespace is not None  # noqa: S101 - for the type checker: it is None for all of them only
            given = (cluster.client, cluster.namespace, patience, click.echo)
            if install:
                await release(*given, scope=Scope(scope), reports=reports)
            else:
                await remove_reports(*given, scope=Scope(scope))
        else:
            click.echo(await cluster.carry_out(target, intents.release))
        return 0

    run("release", kubeconfig, namespace, work)
