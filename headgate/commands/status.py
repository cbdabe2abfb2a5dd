"""`headgate status`: pools and queues at a glance, and one of them closely."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from headgate.fleet import tables
from headgate.fleet.closeup import closeup
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import POOLS, QUEUES, Target, TargetType
from kube.client import Object


@click.command("status")
@click.argument("target", type=TargetType(), required=False)
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@reaching
def command(target: Target | None, all_namespaces: bool, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """Show every pool and queue, or everything about one: what drains, what is wrong, and why it has its size."""
    if target is not None and all_namespaces:
        raise click.UsageError("one object is of one namespace: leave -A out")

    async def work(cluster: Cluster) -> int:
        if target is not None:
            obj = await cluster.get(target)
            click.echo(_json(obj) if output == "json" else "\n".join(closeup(obj, datetime.now(UTC))))
            return 0
        found = [(await cluster.client.list(kind, cluster.namespace)).items for kind in (POOLS, QUEUES)]
        if output == "json":
            click.echo(_json({"workerPools": [*found[0]], "queues": [*found[1]]}))
        else:
            click.echo("\n".join(_tables([*found[0]], [*found[1]], datetime.now(UTC), namespaces=all_namespaces)))
        return 0

    run("status", kubeconfig, namespace, work, everywhere=all_namespaces)


def _tables(pools: list[Object], queues: list[Object], now: datetime, *, namespaces: bool) -> Iterator[str]:
    if not pools and not queues:
        yield "No WorkerPools and no Queues here"
        return
    if pools:
        yield from tables.pools(pools, now, namespaces=namespaces)
    if pools and queues:
        yield ""
    if queues:
        yield from tables.queues(queues, now, namespaces=namespaces)


def _json(obj: object) -> str:
    return orjson.dumps(obj, option=orjson.OPT_INDENT_2).decode()
