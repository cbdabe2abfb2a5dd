"""`headgate policy test`: do the policies say what their authors mean?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click
import orjson

from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline.suites import KIND, LoadedSuite, load
from headgate.offline.testing import Result, run
from webhooks.manifests import ManifestError

Results = list[tuple[LoadedSuite, list[Result]]]


@click.command("test")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: tuple[Path, ...], output: str) -> None:
    """Run the policy suites (kind PolicySuite) in files and folders.

    Exit codes: 0 all passed, 1 some failed, 2 a suite cannot be read or there is none.
    """
    try:
        results = [(loaded, list(run(loaded))) for path in paths for loaded in load(path)]
    except ManifestError as error:
        for line in str(error).splitlines():
            click.echo(f"headgate policy test: {line}", err=True)
        sys.exit(UNUSABLE)
    if not results:
        click.echo(f"headgate policy test: no {KIND} in {', '.join(map(str, paths))}", err=True)
        sys.exit(UNUSABLE)
    click.echo("\n".join(as_text(results)) if output == "text" else as_json(results))
    sys.exit(0 if all(result.passed for _, found in results for result in found) else FINDINGS)


def as_text(results: Results) -> Iterable[str]:
    for loaded, found in results:
        yield str(loaded.manifest.path)
        for result in found:
            yield f"  {'ok    ' if result.passed else 'FAILED'}  {result.name}"
            yield from (f"            {line}" for line in result.differences)
    every = [result for _, found in results for result in found]
    yield f"{len(every)} tests, {sum(not result.passed for result in every)} failed"


def as_json(results: Results) -> str:
    told = [
        {
            "file": str(loaded.manifest.path),
            "name": result.name,
            "passed": result.passed,
            "differences": result.differences,
        }
        for loaded, found in results
        for result in found
    ]
    return orjson.dumps({"tests": told}, option=orjson.OPT_INDENT_2).decode()
