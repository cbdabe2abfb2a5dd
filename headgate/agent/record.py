"""The status record that the agent writes for a worker (docs/worker-contract.md, section 4). Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from headgate.agent.plan import Sight, State


@dataclass(frozen=True, slots=True)
class Identity:
    """`instance` is new for each start of an agent."""

    instance: str
    pod: str
    uid: str
    generation: str = ""


def record(who: Identity, state: State, sight: Sight, time: float, *, alone: bool) -> bytes:
    """`time` is the broker's at the beginning of the round that the sight is of. `alone` says that the worker serves
    one queue, so that all it has done is that queue's; of several the libraries do not tell which.
    """
    processes = sight.look.values()
    completed = sum(process.completed for process in processes)
    fields: dict[str, Any] = {
        "instance": who.instance,
        "pod": who.pod,
        "podUID": who.uid,
        "time": time,
        "state": state,
        "fetching": int(not sight.quiet),
        "running": sight.running,
        "held": sight.held,
        "started": completed + sight.running,
        "completed": completed,
        "failed": 0,
        "busySeconds": round(sum(process.seconds for process in processes), 3),
        "configGeneration": who.generation,
    }
    if not alone or not any(process.seconds for process in processes):
        fields["queue"] = None
    return json.dumps(fields, separators=(",", ":")).encode()
