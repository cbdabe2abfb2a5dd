"""Start, look at and stop clusters by hand: `python -m tests.cluster up --profile control-plane`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click

from tests import profiles
from tests.cluster import builder, cluster, images, preparing, state
from tests.cluster.cluster import Profile
from tests.cluster.errors import ClusterError

_IMAGES: Final = {"headgate": images.PRODUCT, "worker": images.WORKER}


@click.group(help=__doc__)
def main() -> None:
    """One command a verb."""


@main.command()
@click.option("--profile", type=click.Choice([p.value for p in Profile]), default=Profile.CONTROL_PLANE.value)
@click.option("--state", "folder", type=click.Path(path_type=Path), help="State folder; default: one in the cache.")
@click.option("--controllers/--no-controllers", default=True, help="Run kube-controller-manager.")
@click.option("--nodes", default=10, show_default=True, help="How many fake nodes.")
def up(profile: str, folder: Path | None, controllers: bool, nodes: int) -> None:
    """Start a cluster that stays until `down`, and print its kubeconfig's path."""
    began = time.monotonic()
    claimed = state.claim(folder)
    try:
        started = cluster.start(Profile(profile), claimed, controllers=controllers, nodes=nodes)
    except BaseException:
        claimed.remove()
        raise
    claimed.detach()
    click.echo(f"{profile} ready at {started.server} after {time.monotonic() - began:.1f} s", err=True)
    click.echo(started.kubeconfig)


@main.command()
@click.option("--state", "folder", type=click.Path(path_type=Path), help="State folder of the one to stop.")
@click.option("--all", "everything", is_flag=True, help="Stop every cluster of the cache that nobody owns.")
def down(folder: Path | None, everything: bool) -> None:
    """Stop a cluster and take away all it made. Without options: the only one that `up` has left running."""
    for one in _named(folder, everything):
        done = "stopped" if state.discard(one) else "nothing in"
        click.echo(f"{done} {one.path}", err=True)


def _named(folder: Path | None, everything: bool) -> list[state.State]:
    if folder is not None:
        return [state.State(folder.resolve())]
    left = [one for one in state.known() if one.owner() is None]
    if len(left) > 1 and not everything:
        raise click.UsageError(
            "several clusters run; name one with --state, or say --all:\n"
            + "\n".join(map(str, (one.path for one in left)))
        )
    return left


@main.command()
def status() -> None:
    """List the clusters of the cache, with their processes."""
    for one in state.known():
        owner = one.owner()
        belongs = f"owned by process {owner.pid}" if owner else "detached" if one.detached() else "abandoned"
        click.echo(f"{one.path}: {belongs}")
        for name, process in one.running().items():
            click.echo(f"  {process.pid:>8} {name}")


@main.command()
@click.argument("tools", nargs=-1, type=click.Choice([tool.name for tool in builder.TOOLS]))
def build(tools: tuple[str, ...]) -> None:
    """Compile what is missing in the cache; without arguments, all of it."""
    for tool in builder.TOOLS:
        if not tools or tool.name in tools:
            for program in tool.programs:
                click.echo(builder.ensure(tool, program))


@main.command()
def prepare() -> None:
    """Install, build and compile whatever the tests of HEADGATE_TEST_PROFILE need."""
    preparing.prepare(profiles.asked())


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(_IMAGES)))
def image(names: tuple[str, ...]) -> None:
    """Build the project's images that changed, and print their archives' paths."""
    for name in names or sorted(_IMAGES):
        click.echo(images.archive(_IMAGES[name]))


@main.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
def janitor(folder: Path) -> None:
    """Remove the cluster in FOLDER once its owner has ended."""
    state.remove_after_owner(state.State(folder))


if __name__ == "__main__":
    try:
        main(prog_name="python -m tests.cluster")
    except (ClusterError, TimeoutError) as error:
        sys.exit(f"error: {error}")
