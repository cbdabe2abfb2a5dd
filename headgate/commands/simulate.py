"""`headgate simulate`: what a pool's settings would cost and how long jobs would wait, without a cluster."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from headgate.exits import FINDINGS, UNUSABLE
from headgate.parameters import DURATION, DURATIONS, PICTURE, TIME
from headgate.simulation import lineup, patterns, raster, telling
from headgate.simulation.loads import Draw, load
from headgate.simulation.pools import PoolError
from headgate.simulation.settings import MIDNIGHT
from headgate.simulation.work import LoadError
from webhooks.manifests import ManifestError, read, stored

MOST_BYTES: Final = 64 * 1024 * 1024


_PATTERNS: Final = "\n".join(f"    {usage}" for usage in patterns.usages())
HELP: Final = f"""Play a pool's scaling against a load, with the code that scales it in the cluster.

A load is one of these patterns, with rates in jobs per second,

\b
{_PATTERNS}

or a CSV file with the columns seconds and jobs, and service and queue if they are known.

Exit codes: 0 every setting keeps its wait target, 1 some do not, 2 something cannot be read or played. HPA, KEDA and
the targets of --targets do not count.
"""


@click.command("simulate", help=HELP)
@click.option(
    "--pool",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Manifests of pools to compare, and of their Queues.",
)
@click.option(
    "--trace",
    "loads",
    required=True,
    multiple=True,
    help="The load: a pattern or a CSV file. For each of several queues, QUEUE=PATTERN.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    help="One more candidate: the first pool with this changed, as in scaling.wait.target=1m.",
)
@click.option("--targets", type=DURATIONS, help="What each of these wait targets would cost: 5s,10s,1m.")
@click.option("--peers", is_flag=True, help="Also play HPA and KEDA.")
@click.option("--service", type=DURATION, default="2s", show_default=True, help="How long a job takes on average.")
@click.option(
    "--cv2",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 100),
    help="Its squared variation: 0 fixed, 1 exponential, more a heavy tail.",
)
@click.option("--startup", type=DURATION, help="How long pods take to start. Absent: scaling.startupTime, else 30s.")
@click.option("--length", type=DURATION, default="2h", show_default=True, help="Length of the run, for patterns.")
@click.option(
    "--begin",
    type=TIME,
    default=MIDNIGHT.isoformat().replace("+00:00", "Z"),
    show_default=True,
    help="When the run begins, for schedules and holds.",
)
@click.option("--seed", default=1, show_default=True, help="Another one is another day with the same load.")
@click.option("--plot", "picture", type=PICTURE, help="Draw the runs into this file, .svg or .png.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    files: tuple[Path, ...],
    loads: tuple[str, ...],
    changes: tuple[str, ...],
    targets: tuple[float, ...] | None,
    peers: bool,
    service: float,
    cv2: float,
    startup: float | None,
    length: float,
    begin: datetime,
    seed: int,
    picture: Path | None,
    output: str,
) -> None:
    try:
        objects = [stored(manifest.obj) for manifest in read(files)]
        entered = lineup.entered(objects, changes, targets or (), startup, begin, peers=peers)
        trace = load(loads, Draw(service, cv2, length, seed), _contents)
        told = telling.played(entered, trace, ", ".join(loads), seed, _watch)
        _watch("")
        click.echo(telling.as_json(told) if output == "json" else "\n".join(telling.as_text(told)))
        if picture is not None:
            picture.write_bytes(_drawn(told, picture))
    except (ManifestError, PoolError, LoadError, OSError) as error:
        click.echo(f"headgate simulate: {error}", err=True)
        sys.exit(UNUSABLE)
    sys.exit(0 if told.keeps_targets else FINDINGS)


def _watch(line: str) -> None:
    """One line on a terminal, which the next takes the place of; nothing elsewhere, where only the result counts."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", err=True, nl=False)


def _drawn(told: telling.Played, picture: Path) -> bytes:
    svg = telling.drawn(told)
    return raster.png(svg) if picture.suffix.lower() == ".png" else svg.encode()


def _contents(text: str) -> str | None:
    """What stands in a file; None where there is none and its name is not that of one."""
    path = Path(text)
    if path.suffix != ".csv" and not path.is_file():
        return None
    if path.stat().st_size > MOST_BYTES:
        raise LoadError(f"{text} is larger than {MOST_BYTES} bytes")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LoadError(f"{text} is no text in UTF-8: {error.reason} at byte {error.start}") from error
