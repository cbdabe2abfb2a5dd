"""`headgate explain`: why a pool has as many replicas as it has, as a bill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from headgate.fleet import bill
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType


def _named(ctx: click.Context, param: click.Parameter, words: Sequence[str]) -> Target:
    """`wp/orders` or `workerpool orders`, as kubectl takes both."""
    return TargetType(POOLS).convert("/".join(words), param, ctx)


@click.command("explain")
@click.argument("target", nargs=-1, required=True, callback=_named, metavar="KIND/NAME")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@reaching
def command(target: Target, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """Say what each queue asks for, what moved the number since, and which bound set it.

    The numbers are those of the moment at which the pool's size or the reason for it last changed;
    `headgate status` shows those of now.
    """

    async def work(cluster: Cluster) -> int:
        pool = await cluster.get(target)
        if output == "json":
            decision = (pool.get("status") or {}).get("decision")
            click.echo(orjson.dumps(decision, option=orjson.OPT_INDENT_2))
        else:
            click.echo("\n".join(bill.lines(pool)))
        return 0

    run("explain", kubeconfig, namespace, work)
