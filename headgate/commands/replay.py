"""`headgate replay`: would everything that was decided be decided so again?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import orjson

from crds import meta
from headgate.auditlog import AuditLogError
from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline.judging import ours
from headgate.offline.replaying import POLICY_KINDS, Difference, Replay
from headgate.offline.writes import Write, read
from webhooks.manifests import ManifestError
from webhooks.manifests import read as read_manifests

NOTHING: Final = (
    f"the logs hold no write that Headgate answered: does the audit policy keep {meta.GROUP} at level RequestResponse?"
)
PathType = click.Path(path_type=Path)


@click.command("replay")
@click.argument("logs", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option(
    "--world", type=PathType, multiple=True, help="Objects from before the logs, as `kubectl get -o yaml` prints them."
)
@click.option("--instead", type=PathType, multiple=True, help="Policies to judge by, instead of those in force then.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(logs: tuple[Path, ...], world: tuple[Path, ...], instead: tuple[Path, ...], output: str) -> None:
    """Decide again every write of an API server's audit log, and print what would be answered otherwise now.

    Give the LOGS in the order of time. The audit policy has to keep the kinds of work.headgate.dev at level
    RequestResponse.

    Exit codes: 0 nothing differs, 1 something does, 2 something cannot be read.
    """
    try:
        replay = Replay(tuple(_policies(instead)) if instead else None)
        for manifest in read_manifests(world):
            replay.know(manifest.obj)
        differences = list(replay.differences(_writes(logs)))
    except (AuditLogError, ManifestError, OSError) as error:
        click.echo(f"headgate replay: {error}", err=True)
        sys.exit(UNUSABLE)
    click.echo("\n".join(as_text(replay, differences)) if output == "text" else as_json(replay, differences))
    if not (replay.replayed or replay.left_out):
        click.echo(f"headgate replay: {NOTHING}", err=True)
    sys.exit(FINDINGS if differences else 0)


def _policies(paths: tuple[Path, ...]) -> Iterator[dict[str, object]]:
    for manifest in read_manifests(paths):
        if ours(manifest) and manifest.obj["kind"] in POLICY_KINDS:
            yield manifest.obj


def _writes(logs: tuple[Path, ...]) -> Iterator[Write]:
    for log in logs:
        yield from read(log)


def as_text(replay: Replay, differences: list[Difference]) -> Iterator[str]:
    for one in differences:
        yield f"{one.write}: {_verdicts(one)}"
        yield from (f"  - {line}" for line in one.gone)
        yield from (f"  + {line}" for line in one.new)
    yield f"{replay.replayed} replayed, {len(differences)} differ"
    for reason, count in sorted(replay.left_out.items()):
        yield f"{count} not replayed: {reason}"


def _verdicts(one: Difference) -> str:
    if one.write.allowed is one.allowed:
        return "refused for other reasons"
    return "was let through, would be refused" if one.write.allowed else "was refused, would be let through"


def as_json(replay: Replay, differences: list[Difference]) -> str:
    told = [
        {
            "time": one.write.time,
            "user": one.write.user.name,
            "operation": one.write.operation,
            "subresource": one.write.subresource,
            "kind": one.write.kind,
            "namespace": one.write.namespace,
            "name": one.write.name,
            "allowedThen": one.write.allowed,
            "allowedNow": one.allowed,
            "gone": one.gone,
            "new": one.new,
        }
        for one in differences
    ]
    found = {"replayed": replay.replayed, "notReplayed": dict(replay.left_out), "differences": told}
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
