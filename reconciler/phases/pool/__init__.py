"""What the reconciler does about a WorkerPool: as many workers as are wanted, and none removed that is busy."""

from __future__ import annotations

from typing import Final

from crds import meta
from reconciler.phases import Reconcile
from reconciler.phases.comply import comply
from reconciler.phases.glass import glass
from reconciler.phases.pool.bear import bear
from reconciler.phases.pool.drain import drain
from reconciler.phases.pool.guard import guard
from reconciler.phases.pool.judge import judge
from reconciler.phases.pool.look import look
from reconciler.phases.pool.notice import notice
from reconciler.phases.pool.own import configure, hold
from reconciler.phases.pool.release import empty, end_with_namespace, let_go
from reconciler.phases.pool.resize import adopt, resize
from reconciler.phases.pool.resolve import resolve
from reconciler.phases.pool.scale import scale
from reconciler.phases.pool.state import PoolState, begin
from reconciler.phases.pool.summary import FIELDS, summarize
from reconciler.phases.pool.sweep import sweep
from reconciler.phases.pool.takeover import give_back, take_over
from reconciler.phases.pool.trial import trial
from reconciler.phases.pool.worker_glass import glass_of_workers

WORKER_POOL: Final = Reconcile(
    kind=meta.WORKER_POOL,
    begin=begin,
    phases=(
        comply,
        glass,
        glass_of_workers,
        resolve,
        adopt,
        hold,
        look,
        take_over,
        scale,
        configure,
        bear,
        notice,
        guard,
        trial,
        drain,
        resize,
        sweep,
        judge,
    ),
    delete_phases=(end_with_namespace, glass_of_workers, resolve, give_back, empty, let_go),
    summarize=summarize,
    fields=FIELDS,
)

__all__ = ["WORKER_POOL", "PoolState"]
