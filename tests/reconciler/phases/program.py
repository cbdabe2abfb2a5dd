"""The reconciler with queues as they are and pools that only say how many replicas they want."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from crds import meta
from headgate.options import from_settings
from reconciler.main import main
from reconciler.phases import Reconcile
from reconciler.phases.policy import POLICY
from reconciler.phases.pool.scale import scale, scaling_status
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.phases.queue import QUEUE
from reconciler.settings import Settings
from webhooks import logs

POOL: Final = Reconcile(
    kind=meta.WORKER_POOL,
    begin=lambda obj, ctx: ScalingState(obj=obj, now=ctx.clock()),
    phases=(scale,),
    summarize=lambda state, outcome: scaling_status(state),
)
KINDS: Final[tuple[Reconcile[Any], ...]] = (QUEUE, POOL, POLICY)


@click.command()
@from_settings(Settings)
def command(**settings: Any) -> None:
    chosen = Settings(**settings)
    logs.configure(chosen.log_level)
    sys.exit(main(chosen, KINDS))


if __name__ == "__main__":
    command()
