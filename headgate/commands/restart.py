"""`headgate restart wp/NAME`: new workers for old ones, each of which finishes what it runs first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from crds import meta
from headgate.durations import DURATION
from headgate.fleet import rollouts
from headgate.fleet.following import follow
from headgate.fleet.session import Cluster, anew, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.fleet.telling import Teller
from headgate.patience import Patience


@click.command("restart")
@click.argument("target", type=TargetType(POOLS))
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until every worker is a new one.")
@click.option(
    "--timeout",
    type=DURATION,
    default="1h",
    show_default=True,
    help="How long to stay, such as 90s. The restart goes on.",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@reaching
def command(target: Target, wait: bool, timeout: float, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """Replace every worker of a pool within its rollout's bounds; none is ended while it runs a job.

    `kubectl rollout restart` of a pool's Deployment restarts nobody: the Deployment is paused, and the edit is changed
    back.

    Exit codes: 0 done, 1 not in time or failed, 2 the cluster or the pool is not to be had.
    """
    patience = Patience(timeout)

    async def work(cluster: Cluster) -> int:
        teller = Teller(target, output)
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

        async def marked() -> None:
            pool = await cluster.get(target)
            patch = rollouts.annotated(pool, meta.ANNOTATION_RESTARTED_AT, now)
            await cluster.patch(target.resource, target.name, patch)

        await anew(marked)
        teller.say("restarting", {"restartedAt": now})
        return await follow(cluster, target, patience, teller) if wait else 0

    run("restart", kubeconfig, namespace, work)
