"""`headgate convert`: manifests in another version of the API, or from another project."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from crds import meta
from crds.conversion import ConversionError
from headgate.exits import FINDINGS, UNUSABLE
from headgate.moving import drafted, keda, versions
from headgate.moving.moved import Moved, Object
from webhooks.manifests import Manifest, ManifestError, read

PathType = click.Path(path_type=Path)
KEDA: Final = "keda"


@click.command("convert")
@click.option(
    "-f",
    "--filename",
    "paths",
    type=PathType,
    multiple=True,
    required=True,
    help="Files or folders to convert; - is standard input.",
)
@click.option(
    "--from",
    "source",
    type=click.Choice([meta.GROUP, drafted.GROUP, KEDA]),
    default=meta.GROUP,
    show_default=True,
    help="Whose manifests they are.",
)
@click.option(
    "--to",
    "version",
    type=click.Choice(versions.VERSIONS),
    default=meta.VERSION,
    show_default=True,
    help="The version to write; manifests of others are always written in v1.",
)
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def command(paths: tuple[Path, ...], source: str, version: str, output: str) -> None:
    """Write manifests anew, each with notes of what does not come along.

    Exit codes: 0 all of it would be accepted, 1 something would be refused, 2 something cannot be read or converted.
    """
    try:
        manifests = list(read(paths, sys.stdin.buffer))
        moved = list(_moved(manifests, source, version))
    except (ManifestError, ConversionError) as error:
        click.echo(f"headgate convert: {error}", err=True)
        sys.exit(UNUSABLE)
    if not moved:
        click.echo(f"headgate convert: nothing of {source} among {len(manifests)} objects", err=True)
        sys.exit(UNUSABLE)
    click.echo(_json(moved) if output == "json" else _yaml(moved), nl=False)
    sys.exit(FINDINGS if any(one.refused for one in moved) else 0)


def _moved(manifests: Sequence[Manifest], source: str, version: str) -> Iterator[Moved]:
    objects: list[Object] = [manifest.obj for manifest in manifests]
    if source == KEDA:
        world = keda.World.of(objects)
        for obj in filter(keda.is_keda, objects):
            yield from keda.moved(obj, world)
    elif source == drafted.GROUP:
        yield from (drafted.moved(obj) for obj in filter(drafted.is_drafted, objects))
    else:
        for obj in objects:
            if str(obj.get("apiVersion", "")).startswith(f"{meta.GROUP}/"):
                yield versions.moved(obj, version)


def _yaml(moved: Sequence[Moved]) -> str:
    import yaml

    return "---\n".join(
        "".join(f"# {line}\n" for line in _told(one))
        + yaml.safe_dump(one.obj, sort_keys=False, allow_unicode=True, width=120)
        for one in moved
    )


def _told(one: Moved) -> Iterator[str]:
    yield from (f"note: {note}" for note in one.notes)
    yield from (f"refused: {line}" for line in one.refused)


def _json(moved: Sequence[Moved]) -> str:
    entries = [{"object": one.obj, "notes": one.notes, "refused": one.refused} for one in moved]
    return json.dumps({"converted": entries}, indent=2) + "\n"
