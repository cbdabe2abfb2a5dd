"""`headgate audit`: what happened, read from records that are not ours."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import orjson

from headgate.auditlog import AuditLogError
from headgate.removals.account import Account, Removal, tally
from headgate.removals.auditlog import PodEvent, read
from headgate.removals.proof import Proof

FOUND: Final = 1
UNUSABLE: Final = 2
SHOWN: Final = (Proof.NONE, Proof.BREAK_GLASS)


@click.group("audit")
def command() -> None:
    """Replay the API server's audit log."""


@command.command("kills")
@click.argument("logs", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def kills(logs: tuple[Path, ...], output: str) -> None:
    """Say of every worker that was removed whether it had been proved idle. Give the LOGS in the order of time.

    The audit policy has to keep pods, pods/status and pods/eviction at level RequestResponse.

    Exit codes: 0 all were, 1 some were not or cannot be judged, 2 a log cannot be read.
    """
    try:
        removals = list(Account().removals(_events(logs)))
    except (AuditLogError, OSError) as error:
        click.echo(f"headgate audit kills: {error}", err=True)
        sys.exit(UNUSABLE)
    counts = tally(removals)
    click.echo(as_json(removals) if output == "json" else "\n".join(as_text(removals)))
    sys.exit(FOUND if counts[Proof.NONE] or counts[Proof.UNKNOWN] else 0)


def as_text(removals: Sequence[Removal]) -> Iterator[str]:
    counts = tally(removals)
    word = "removal" if len(removals) == 1 else "removals"
    yield f"{len(removals)} {word}, {counts[Proof.NONE]} without proof"
    for proof in Proof:
        if counts[proof] and proof is not Proof.NONE:
            yield f"  {counts[proof]} {proof}"
    for removal in removals:
        if removal.proof in SHOWN:
            yield f"{removal.time} {removal.namespace}/{removal.pod} {removal.how} by {removal.by}:"
            yield f"  {_why(removal)}"


def as_json(removals: Sequence[Removal]) -> str:
    told = [asdict(removal) for removal in removals]
    counts = {proof.name: count for proof, count in tally(removals).items()}
    return orjson.dumps({"removals": told, "counts": counts}, option=orjson.OPT_INDENT_2).decode()


def _why(removal: Removal) -> str:
    of_pool = f"of WorkerPool {removal.pool}, " if removal.pool else ""
    return of_pool + {
        Proof.NONE: "its worker ran and had not been proved idle",
        Proof.BREAK_GLASS: "its worker ran; the pod carried the break-glass annotation",
    }.get(removal.proof, str(removal.proof))


def _events(logs: Sequence[Path]) -> Iterator[PodEvent]:
    for log in logs:
        yield from read(log)
