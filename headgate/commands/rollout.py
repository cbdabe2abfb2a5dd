"""`headgate rollout status|undo|pause|resume wp/NAME`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from crds import meta
from headgate.durations import DURATION
from headgate.fleet import rollouts
from headgate.fleet.following import children, follow
from headgate.fleet.session import UNUSABLE, Cluster, anew, reaching, run
from headgate.fleet.targets import POOLS, Target, TargetType
from headgate.fleet.telling import Teller
from headgate.patience import Patience
from reconciler.children.workload import is_stateful, resource_of

ASK_SECONDS: Final = 30.0
PAUSED: Final = "paused"


@click.group("rollout")
def command() -> None:
    """See, stop or take back the replacing of a pool's workers by those of a newer revision."""


def _about(function: Callable[..., Any]) -> Callable[..., Any]:
    output = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
    return click.argument("target", type=TargetType(POOLS))(output(reaching(function)))


@command.command("status")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until it is done or has failed.")
@click.option("--timeout", type=DURATION, default="1h", show_default=True, help="How long to stay, such as 90s.")
@_about
def status(target: Target, wait: bool, timeout: float, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """How far it is, and what keeps it. Exit codes: 0 done, 1 not in time or failed, 2 not to be had."""
    patience = Patience(timeout if wait else 0.0)

    async def work(cluster: Cluster) -> int:
        return await follow(cluster, target, patience, Teller(target, output))

    run("rollout status", kubeconfig, namespace, work)


@command.command("pause")
@_about
def pause(target: Target, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """No old worker is asked to leave any more. New ones still start within the surge, and scaling goes on."""
    run("rollout pause", kubeconfig, namespace, lambda cluster: _mark(cluster, target, output, PAUSED, "paused"))


@command.command("resume")
@_about
def resume(target: Target, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """What was paused goes on; a revision that was undone or has failed is tried again."""

    async def work(cluster: Cluster) -> int:
        pool = await cluster.get(target)
        child = rollouts.current(pool, await children(cluster, pool, Patience(ASK_SECONDS)))
        again = child is not None and rollouts.undone(child)
        if child is not None and again:
            await _patch_child(cluster, pool, child, rollouts.again(child))
        return await _mark(cluster, target, output, None, "tried again" if again else "goes on", already=again)

    run("rollout resume", kubeconfig, namespace, work)


@command.command("undo")
@_about
def undo(target: Target, output: str, namespace: str, kubeconfig: Path | None) -> None:
    """The revision before serves again until the spec asks for another, or `rollout resume` tries this one again."""

    async def work(cluster: Cluster) -> int:
        teller = Teller(target, output)
        pool = await cluster.get(target)
        found = await children(cluster, pool, Patience(ASK_SECONDS))
        child, earlier = rollouts.current(pool, found), rollouts.before(found)
        if child is not None and rollouts.undone(child):
            teller.say("nothing to do", {"changed": False})
            return 0
        stateful = is_stateful(pool["spec"])
        if child is None or (earlier is None and not stateful):
            teller.say("there is no older revision to go back to: change the spec", {"changed": False})
            return UNUSABLE
        if earlier is not None:
            await _patch_child(cluster, pool, earlier, rollouts.trust(earlier))
        patch = rollouts.undo(child, rollouts.revision(child), stateful=stateful)
        await _patch_child(cluster, pool, child, patch)
        teller.say("the revision before serves again; change the spec to what it was", {"changed": True})
        return 0

    run("rollout undo", kubeconfig, namespace, work)


async def _mark(
    cluster: Cluster, target: Target, output: str, value: str | None, done: str, *, already: bool = False
) -> int:
    async def marked() -> bool:
        pool = await cluster.get(target)
        if (pool["metadata"].get("annotations") or {}).get(meta.ANNOTATION_ROLLOUT) == value:
            return False
        patch = rollouts.annotated(pool, meta.ANNOTATION_ROLLOUT, value)
        await cluster.patch(target.resource, target.name, patch)
        return True

    changed = await anew(marked) or already
    Teller(target, output).say(done if changed else "nothing to do", {"changed": changed})
    return 0


async def _patch_child(cluster: Cluster, pool: Any, child: Any, patch: Any) -> None:
    await cluster.patch(resource_of(pool["spec"]), child["metadata"]["name"], patch)
