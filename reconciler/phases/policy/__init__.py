"""What the reconciler does about a Policy: it tries it on everything stored, and says what it found.

The policy itself is judged by admission; here it is looked at once a minute, and whenever an object's verdict changed.
"""

from __future__ import annotations

from typing import Final

from crds import meta
from reconciler.phases import Reconcile
from reconciler.phases.policy.audit import announce, audit, compile_, find_conflicts
from reconciler.phases.policy.state import PolicyState, begin
from reconciler.phases.policy.summary import summarize

PHASES: Final = (compile_, audit, find_conflicts, announce)
POLICY: Final = Reconcile(kind=meta.POLICY, begin=begin, phases=PHASES, summarize=summarize)
CLUSTER_POLICY: Final = Reconcile(kind=meta.CLUSTER_POLICY, begin=begin, phases=PHASES, summarize=summarize)

__all__ = ["CLUSTER_POLICY", "POLICY", "PolicyState"]
