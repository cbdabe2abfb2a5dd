"""What the reconciler does about a Queue: it reads the broker, says what it sees, and tells the pools.

Nothing is written to the broker, but what a deleted Queue is to take along under management Manage. Only a Queue whose
deletion has to wait for something has a finalizer, and it always goes in the end.
"""

from __future__ import annotations

from typing import Final

from crds import meta
from reconciler.phases import Reconcile
from reconciler.phases.comply import comply
from reconciler.phases.glass import glass
from reconciler.phases.queue.configure import configure
from reconciler.phases.queue.follow import follow
from reconciler.phases.queue.judge import judge
from reconciler.phases.queue.observe import observe
from reconciler.phases.queue.release import hold, release
from reconciler.phases.queue.state import QueueState, begin
from reconciler.phases.queue.summary import FIELDS, summarize

QUEUE: Final = Reconcile(
    kind=meta.QUEUE,
    begin=begin,
    phases=(comply, glass, configure, hold, observe, judge, follow),
    delete_phases=(release,),
    summarize=summarize,
    fields=FIELDS,
)

__all__ = ["QUEUE", "QueueState"]
