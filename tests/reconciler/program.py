"""The reconciler with phases that do next to nothing: what is tested is everything around them.

`python -m tests.reconciler.program` is `headgate reconciler`; besides, it prints where it listens, as JSON.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from crds import meta
from headgate.options import from_settings
from reconciler.conditions import READY
from reconciler.context import Context
from reconciler.errors import Stalled, Transient, Waiting
from reconciler.main import main
from reconciler.outcome import Outcome
from reconciler.phases import Reconcile, State
from reconciler.phases.policy import CLUSTER_POLICY, POLICY
from reconciler.reasons import Reason
from reconciler.settings import Settings
from reconciler.status import Fields
from tests.reconciler.plain import begin
from webhooks import logs

ANNOTATION: Final = "example.com/phase"
"""On an object: what its phase does. Absent: nothing."""


async def obey(state: State, ctx: Context) -> None:
    match state.obj["metadata"].get("annotations", {}).get(ANNOTATION, "").split():
        case ["stall"]:
            raise Stalled(Reason.INVALID_SPEC, "spec.example cannot be followed")
        case ["wait", seconds]:
            raise Waiting(float(seconds), Reason.PROGRESSING, "Waiting for the weather")
        case ["fail"]:
            raise Transient(Reason.RETRYING, "The weather does not answer")
        case ["crash"]:
            raise KeyError("secret")
        case ["poll", seconds]:
            state.again(float(seconds))
        case ["sleep", seconds]:
            await asyncio.sleep(float(seconds))
        case _:
            return


async def count(state: State, ctx: Context) -> None:
    state.conditions.true(READY, Reason.RECONCILED, "As its spec says")


def summarize_queue(state: State, outcome: Outcome) -> Mapping[str, Any]:
    """`waiting` moves all the time."""
    return {"queueName": state.spec.get("queueName", state.name), "waiting": state.now.microsecond}


def summarize_pool(state: State, outcome: Outcome) -> Mapping[str, Any]:
    return {"selector": f"{meta.LABEL_POOL}={state.name}", "summary": "nothing to do"}


KINDS: Final[tuple[Reconcile[Any], ...]] = (
    Reconcile(
        kind=meta.QUEUE,
        begin=begin,
        phases=(obey, count),
        summarize=summarize_queue,
        fields=Fields(quiet=frozenset({"waiting"})),
    ),
    Reconcile(kind=meta.WORKER_POOL, begin=begin, phases=(obey, count), summarize=summarize_pool),
    POLICY,
    CLUSTER_POLICY,
)


@click.command()
@from_settings(Settings)
def command(**settings: Any) -> None:
    chosen = Settings(**settings)
    logs.configure(chosen.log_level)
    sys.exit(main(chosen, KINDS))


if __name__ == "__main__":
    command()
