"""`headgate check`: what the admission server would say, without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from headgate.checking import Verdict, judge, ours, placed
from policies import MemorySnapshot
from webhooks.manifests import ManifestError, read

FINDINGS: Final = 1
UNUSABLE: Final = 2

PathType = click.Path(path_type=Path)


@click.command("check")
@click.option(
    "-f", "--filename", "paths", type=PathType, multiple=True, required=True, help="Files or folders to check."
)
@click.option("--policies", "worlds", type=PathType, multiple=True, help="More objects to check against.")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of objects that name none.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: tuple[Path, ...], worlds: tuple[Path, ...], namespace: str, output: str) -> None:
    """Judge manifests as the API server would, against the policies among them and those given with --policies.

    Exit codes: 0 all would be accepted, 1 some would be refused, 2 something cannot be read.
    """
    try:
        manifests = list(placed(read(paths), namespace))
        world = MemorySnapshot.of(manifest.obj for manifest in [*manifests, *placed(read(worlds), namespace)])
    except ManifestError as error:
        click.echo(f"headgate check: {error}", err=True)
        sys.exit(UNUSABLE)
    now = datetime.now(UTC)
    verdicts = [judge(manifest, world, now) for manifest in manifests if ours(manifest)]
    click.echo(as_json(verdicts) if output == "json" else as_text(verdicts, len(manifests) - len(verdicts)))
    sys.exit(0 if all(verdict.allowed for verdict in verdicts) else FINDINGS)


def as_text(verdicts: Sequence[Verdict], others: int) -> str:
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.manifest.path}: {verdict.name}: {'fine' if verdict.allowed else 'refused'}")
        lines += [f"  * {denial}" for denial in verdict.denials]
        lines += [f"  warning: {warning}" for warning in verdict.warnings]
    refused = sum(not verdict.allowed for verdict in verdicts)
    unlooked = f", {others} of other kinds not looked at" if others else ""
    lines.append(f"{len(verdicts)} checked, {refused} refused{unlooked}")
    return "\n".join(lines)


def as_json(verdicts: Sequence[Verdict]) -> str:
    import orjson

    told = [
        {
            "file": str(verdict.manifest.path),
            "document": verdict.manifest.number,
            "object": verdict.name,
            "allowed": verdict.allowed,
            "denials": verdict.denials,
            "warnings": verdict.warnings,
        }
        for verdict in verdicts
    ]
    return orjson.dumps({"verdicts": told}, option=orjson.OPT_INDENT_2).decode()
