"""`headgate simulate`: what a pool's settings would cost and how long jobs would wait, without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import orjson

from crds import duration
from headgate.exits import FINDINGS, UNUSABLE
from headgate.simulation import patterns, plot, pools, recorded, work
from headgate.simulation.comparison import Candidate, Result, as_json, as_text, compare
from headgate.simulation.laws import Headgate
from headgate.simulation.patterns import PatternError
from headgate.simulation.peers import HorizontalPodAutoscaler, Keda
from headgate.simulation.pools import VariantError
from headgate.simulation.recorded import MOST_JOBS, TraceError
from headgate.simulation.work import Sampler, Trace
from webhooks.manifests import ManifestError, read

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_VARIANTS: Final = 12


class DurationType(click.ParamType[float]):
    """`90s`, as the API writes durations; the command gets seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = duration.seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds <= 0:
            self.fail("must be above 0", param, ctx)
        return seconds


DURATION: Final = DurationType()


@click.command("simulate")
@click.option(
    "--pool",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Manifests of pools to compare.",
)
@click.option(
    "--trace", "load", required=True, help=f"A CSV file, or {', '.join(patterns.usages())}; rates are jobs per second."
)
@click.option("--set", "changes", multiple=True, help="One more candidate: the first pool with scaling.wait.target=1m.")
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
@click.option("--seed", default=1, show_default=True, help="Another one is another day with the same load.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw the runs into this file, as SVG.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    files: tuple[Path, ...],
    load: str,
    changes: tuple[str, ...],
    peers: bool,
    service: float,
    cv2: float,
    startup: float | None,
    length: float,
    seed: int,
    picture: Path | None,
    output: str,
) -> None:
    """Play a pool's scaling against a load, with the code that scales it in the cluster.

    Exit codes: 0 every setting keeps its wait target, 1 some do not, 2 something cannot be read. HPA and KEDA do not
    count.
    """
    try:
        candidates = _candidates(files, changes, startup, peers=peers)
        trace = _trace(load, service, cv2, length, seed)
    except (ManifestError, VariantError, TraceError, PatternError, OSError) as error:
        click.echo(f"headgate simulate: {error}", err=True)
        sys.exit(UNUSABLE)
    results = list(compare(candidates, trace, seed))
    _show(results, trace, load, output)
    if picture is not None:
        title = f"{len(trace.jobs)} jobs by {load}"
        drawn = {one.candidate.name: one.outcome for one in results}
        picture.write_text(plot.svg(drawn, candidates[0].settings, title), encoding="utf-8")
    kept = all(one.keeps_target for one in results if one.candidate.law is Headgate)
    sys.exit(0 if kept else FINDINGS)


def _show(results: list[Result], trace: Trace, load: str, output: str) -> None:
    if output == "json":
        click.echo(orjson.dumps({"jobs": len(trace.jobs), "results": as_json(results)}, option=orjson.OPT_INDENT_2))
        return
    click.echo(f"{len(trace.jobs)} jobs in {duration.text(trace.duration)} by {load}")
    for line in as_text(results):
        click.echo(line)
    for one in results:
        if not one.keeps_target:
            own = one.candidate.settings
            waited = one.outcome.wait(own.percentile)
            click.echo(f"{one.candidate.name}: p{own.percentile} {waited:.1f}s is over the target of {own.target:g}s")


def _candidates(
    files: tuple[Path, ...], changes: tuple[str, ...], startup: float | None, *, peers: bool
) -> list[Candidate]:
    objects = [manifest.obj for manifest in read(files)]
    specs = {str(one["metadata"]["name"]): one["spec"] for one in objects if one.get("kind") == "WorkerPool"}
    queues = {str(one["metadata"]["name"]): one["spec"] for one in objects if one.get("kind") == "Queue"}
    if not specs:
        raise ManifestError(f"no WorkerPool in {', '.join(map(str, files))}")
    first = next(iter(specs.values()))
    specs |= {change: pools.changed(first, change) for change in changes}
    if len(specs) > MOST_VARIANTS:
        raise VariantError(f"at most {MOST_VARIANTS} candidates at a time, not {len(specs)}")
    found = [Candidate(name, _settings(name, spec, queues, startup), Headgate) for name, spec in specs.items()]
    if peers:
        found.append(Candidate("HPA, waiting + running", found[0].settings, HorizontalPodAutoscaler))
        found.append(Candidate("KEDA, list length 5", found[0].settings, Keda))
    return found


def _settings(name: str, spec: Mapping[str, Any], queues: Mapping[str, Any], startup: float | None) -> Any:
    try:
        return pools.settings(spec, queues.get(spec["queues"][0]["name"]), startup)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise VariantError(f"{name} is no WorkerPool that can be played: {error}; headgate check says why") from error


def _trace(load: str, service: float, cv2: float, length: float, seed: int) -> Trace:
    sampler, path = _sampler(service, cv2), Path(load)
    if path.suffix == ".csv" or path.is_file():
        if path.stat().st_size > MOST_BYTES:
            raise TraceError(f"{load} is larger than {MOST_BYTES} bytes")
        try:
            return recorded.trace(path.read_text(encoding="utf-8"), sampler, service, seed)
        except TraceError as error:
            raise TraceError(f"{load}: {error}") from error
    rate = patterns.parse(load)
    expected = sum(rate(length * step / 1000) for step in range(1000)) * length / 1000
    if expected > MOST_JOBS:
        raise TraceError(f"{load} for {duration.text(length)} makes more than {MOST_JOBS} jobs")
    return work.poisson(rate, sampler, length, seed)


def _sampler(mean: float, cv2: float) -> Sampler:
    if cv2 == 0:
        return work.fixed(mean)
    return work.exponential(mean) if cv2 == 1 else work.lognormal(mean, cv2)
