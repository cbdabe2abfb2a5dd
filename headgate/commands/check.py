"""`headgate check`: what the admission server would say, without a cluster."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import orjson

from headgate.exits import FINDINGS, UNUSABLE
from headgate.offline import sarif, telling
from headgate.offline.asking import policy_rules_option
from headgate.offline.fixing import Fix, fix
from headgate.offline.judging import Verdict, judge, meant_for_us
from headgate.offline.locating import label, place
from policies import MemorySnapshot
from policies import text as wording
from webhooks.manifests import ManifestError, placed, read, something, stored

PathType = click.Path(path_type=Path)
Fixes = Sequence[Fix | None]


@click.command("check")
@click.option(
    "-f",
    "--filename",
    "paths",
    type=PathType,
    multiple=True,
    required=True,
    help="Files or folders to check; - is standard input.",
)
@click.option("--policies", "worlds", type=PathType, multiple=True, help="More objects to check against.")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of objects that name none.")
@policy_rules_option
@click.option("--fix", "fixing", is_flag=True, help="Print the smallest patch that would pass, where there is one.")
@click.option("-o", "--output", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
def command(
    paths: tuple[Path, ...], worlds: tuple[Path, ...], namespace: str, namespaced_rules: bool, fixing: bool, output: str
) -> None:
    """Judge manifests as the API server would, against the policies among them and those given with --policies.

    Exit codes: 0 all would be accepted, 1 some would be refused, 2 something cannot be read.
    """
    stdin = sys.stdin.buffer
    try:
        manifests = list(placed(something(paths, stdin), namespace))
        around = [*manifests, *placed(read(worlds, stdin), namespace)]
        world = MemorySnapshot.of(stored(manifest.obj) for manifest in around)
    except ManifestError as error:
        click.echo(f"headgate check: {error}", err=True)
        sys.exit(UNUSABLE)
    now = datetime.now(UTC)
    judged = functools.partial(judge, world=world, now=now, namespaced_rules=namespaced_rules)
    verdicts = [judged(manifest) for manifest in manifests if meant_for_us(manifest)]
    fixes = [fix(verdict, world, now) if fixing and not verdict.allowed else None for verdict in verdicts]
    click.echo(_WRITERS[output](verdicts, fixes, len(manifests) - len(verdicts)))
    sys.exit(0 if all(verdict.allowed for verdict in verdicts) else FINDINGS)


def _text(verdicts: Sequence[Verdict], fixes: Fixes, others: int) -> str:
    told = [line for verdict, found in zip(verdicts, fixes, strict=True) for line in telling.lines(verdict, found)]
    return "\n".join([*told, telling.summary(verdicts, others)])


def _json(verdicts: Sequence[Verdict], fixes: Fixes, _others: int) -> str:
    entries = [
        _entry(verdict) | ({} if found is None else {"fix": found.patch})
        for verdict, found in zip(verdicts, fixes, strict=True)
    ]
    return _dumped({"verdicts": entries})


def _entry(verdict: Verdict) -> dict[str, Any]:
    return {
        "file": label(verdict.manifest),
        "document": verdict.manifest.number,
        "object": verdict.name,
        "allowed": verdict.allowed,
        "violations": [
            {
                "field": violation.finding.field,
                "line": place(verdict.manifest, violation.finding.field).line,
                "rule": violation.rule,
                "policy": str(violation.policy) if violation.policy else None,
                "message": wording.detail(violation),
            }
            for violation in verdict.violations
        ],
        "warnings": [notice.text for notice in verdict.notices],
    }


def _sarif(verdicts: Sequence[Verdict], fixes: Fixes, _others: int) -> str:
    return _dumped(sarif.log(verdicts, fixes))


def _dumped(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


_WRITERS: Final[Mapping[str, Callable[[Sequence[Verdict], Fixes, int], str]]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
}
