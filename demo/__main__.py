"""The main job of Headgate, shown from an empty machine to a plot: `make demo`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from demo import install, stage
from demo.plot import plot
from demo.run import run
from demo.screen import Screen
from demo.stage import Stage
from demo.summary import Summary, lines, summarize
from tests.cluster.errors import ClusterError


@click.command(help=__doc__)
@click.option("--jobs", default=2000, show_default=True)
@click.option("--seconds", default=120.0, show_default=True, help="Time in which the jobs arrive.")
@click.option("--keep", is_flag=True, help="Leave everything running and say how to reach it.")
@click.option("--out", default="demo-out", show_default=True, type=click.Path(path_type=Path), help="For the plot.")
@click.option("--use-cluster", is_flag=True, help="Use the cluster of KUBECONFIG; needs the next four.")
@click.option("--image", default="", help="The product's image, as that cluster can pull it.")
@click.option("--worker-image", default="", help="The reference worker's image, likewise.")
@click.option("--redis-for-pods", default="", help="URL of an empty Redis, as pods reach it.")
@click.option("--redis-from-here", default="", help="URL of the same Redis, as this machine reaches it.")
def main(
    jobs: int,
    seconds: float,
    keep: bool,
    out: Path,
    use_cluster: bool,
    image: str,
    worker_image: str,
    redis_for_pods: str,
    redis_from_here: str,
) -> None:
    if use_cluster:
        needed = (redis_for_pods, redis_from_here, image, worker_image)
        if not all(needed) or "KUBECONFIG" not in os.environ:
            raise click.UsageError("--use-cluster needs KUBECONFIG, both images and both addresses of a Redis")
        where = stage.given(Path(os.environ["KUBECONFIG"]), *needed)
    else:
        where = stage.own(keep=keep)
    out.mkdir(parents=True, exist_ok=True)
    with where as ready:
        summary = _show(ready, jobs, seconds, out)
        if keep:
            _say(_how_to_reach(ready))
        else:
            _leave(ready)
    sys.exit(0 if summary.fine else 1)


def _show(ready: Stage, jobs: int, seconds: float, out: Path) -> Summary:
    _say("Installing the charts ...")
    install.charts(ready)
    _say("Applying examples/quickstart ...")
    _say(install.quickstart(ready).rstrip())
    install.ready(ready)
    _say("\nAn apply that is wrong is told everything at once:\n\n$ kubectl apply -f examples/quickstart/denied.yaml")
    _say(install.refused(ready).rstrip())
    _say(f"\n{jobs} jobs in a burst and a wave:\n")
    result = run(ready, jobs, seconds, out, Screen(sys.stdout))
    summary = summarize(result.account, result.samples, revisions=2)
    _say("")
    for line in lines(summary):
        _say(line)
    for path in plot(result.samples, result.rollout_at, out):
        _say(f"plot                     {path}")
    return summary


def _leave(ready: Stage) -> None:
    _say("\nDeleting the WorkerPool: its workers drain first ...")
    install.delete(ready)
    _say("Uninstalling ...")
    install.remove(ready)


def _how_to_reach(ready: Stage) -> str:
    return (
        f"\nIt all goes on running. To look at it:\n  export KUBECONFIG={ready.cluster.kubeconfig}\n"
        f"  kubectl get hq,wp,pods -n {ready.namespace}\n"
        f"To send more jobs:\n  python -m examples.load run --redis {ready.redis_from_here} --queue thumbnails\n"
        "To stop it:\n  python -m tests.cluster down"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main(prog_name="python -m demo")
    except (ClusterError, RuntimeError, OSError) as error:
        sys.exit(f"error: {error}")
