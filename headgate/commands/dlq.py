"""`headgate dlq list|redrive|purge hq/NAME`: jobs that failed for good."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import click
import orjson

from headgate.exits import UNUSABLE
from headgate.fleet import mailboxes
from headgate.fleet.session import Cluster, reaching, run
from headgate.fleet.targets import QUEUES, Target, TargetType
from headgate.fleet.telling import Teller
from reconciler.brokers.dead_letters.box import Box, Entry
from reconciler.brokers.dead_letters.working import Deed, Tally, work
from reconciler.brokers.errors import BrokerError

SHOWN: Final = 60
ADDRESS: Final = re.compile(r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")


@click.group("dlq")
def command() -> None:
    """Dead letters of queues with the layouts List and Stream: see them, have them tried again, delete them.

    The broker is asked from where the command runs. From outside of the cluster, forward its port first and say
    where: `kubectl port-forward svc/redis 6379`, `--address 127.0.0.1:6379`. Behind sentinels that is the primary's.
    """


def _address(context: click.Context, option: click.Parameter, value: str) -> str:
    if value and not ADDRESS.match(value):
        raise click.BadParameter("must be HOST:PORT", context, option)
    return value


def _about(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True),
        click.option(
            "--address", default="", callback=_address, help="HOST:PORT of the broker, where the Queue's own is far."
        ),
    ):
        function = option(function)
    return click.argument("target", type=TargetType(QUEUES))(reaching(function))


def _working(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--yes", is_flag=True, help="Do it. Without this it is only counted."),
        click.option("--limit", type=click.IntRange(1), default=None, help="How many at most, the oldest first."),
    ):
        function = option(function)
    return function


@command.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the oldest first."
)
@_about
def listed(target: Target, limit: int, address: str, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """Show the oldest dead letters: which job, where it died, after how many runs, and why."""

    async def show(box: Box) -> int:
        entries = await box.page((), limit)
        if output == "json":
            click.echo(orjson.dumps([one.letter.body for one in entries], option=orjson.OPT_INDENT_2))
            return 0
        count = await box.count()
        click.echo(f"{target}: {count} dead letter{'' if count == 1 else 's'}")
        for line in _rows(entries):
            click.echo(line)
        return 0

    _with_box("dlq list", target, address, namespace, kubeconfig, show, writes=False)


@command.command("redrive")
@_working
@_about
def redrive(target: Target, **options: Any) -> None:
    """Put dead letters back into their queue as new jobs, with all of their tries. Counts only, without --yes."""
    _work(Deed.REDRIVE, target, **options)


@command.command("purge")
@_working
@_about
def purge(target: Target, **options: Any) -> None:
    """Delete dead letters for good. Counts only, without --yes."""
    _work(Deed.PURGE, target, **options)


def _work(
    deed: Deed,
    target: Target,
    limit: int | None,
    yes: bool,
    address: str,
    output: str,
    namespace: str,
    kubeconfig: Path | None,
) -> None:
    teller = Teller(target, output)

    async def carry_out(box: Box) -> int:
        def tell(tally: Tally) -> None:
            teller.progress(f"{tally.seen} looked at, {tally.done if yes else tally.fit} {_past(deed)}", _fields(tally))

        tally = await work(box, deed, limit=limit, dry=not yes, tell=tell)
        teller.say(_told(deed, tally, yes=yes), {**_fields(tally), "dryRun": not yes})
        return 0

    _with_box(f"dlq {deed}", target, address, namespace, kubeconfig, carry_out, writes=True)


def _told(deed: Deed, tally: Tally, *, yes: bool) -> str:
    left = [(tally.foreign, "died in other queues"), (tally.garbage if deed is Deed.REDRIVE else 0, "no job")]
    rest = "".join(f", {count} {why}" for count, why in left if count)
    if yes:
        return f"{tally.done} {_past(deed)}{rest}"
    again = "; --yes does it, and --limit bounds it" if tally.fit else ""
    return f"would {deed} {tally.fit} of {tally.seen}{rest}{again}"


def _past(deed: Deed) -> str:
    return "redriven" if deed is Deed.REDRIVE else "purged"


def _fields(tally: Tally) -> dict[str, int]:
    return {name: getattr(tally, name) for name in Tally.__slots__}


def _rows(entries: list[Entry]) -> list[str]:
    rows = [("JOB", "DIED IN", "RUNS", "WHY")]
    for entry in entries:
        body = entry.letter.body or {}
        why = str(body.get("error", "")) or "says nothing"
        known = "-" if body.get("id") is None else str(body["id"])
        rows.append((known, entry.letter.died_in or "-", str(body.get("attempts", "-")), why[:SHOWN]))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        "   ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]


def _with_box(
    name: str,
    target: Target,
    address: str,
    namespace: str,
    kubeconfig: Path | None,
    do: Callable[[Box], Awaitable[int]],
    *,
    writes: bool,
) -> None:
    async def reached(cluster: Cluster) -> int:
        queue = await cluster.get(target)
        mailboxes.judge(queue, writes=writes)
        box, links = await mailboxes.box(cluster, target, queue, address)
        try:
            return await do(box)
        finally:
            await links.close()

    try:
        run(name, kubeconfig, namespace, reached)
    except (mailboxes.Refused, BrokerError) as error:
        click.echo(f"headgate {name}: {target}: {error}", err=True)
        sys.exit(UNUSABLE)
