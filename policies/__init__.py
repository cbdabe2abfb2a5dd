"""The policy engine: which policies apply, what they forbid, what they default.

Pure: a decision is a function of `Facts` (objects, user, snapshot, time). The server, the reconciler's audit and the
offline commands all call the same functions, so the same input gets the same verdict everywhere.
"""

from __future__ import annotations

from policies.compiled import applying
from policies.decide import RuleFaultError, decide
from policies.decision import Action, Decision, PolicyRef, Violation
from policies.facts import Facts, Operation, User
from policies.memory import MemorySnapshot
from policies.snapshot import Snapshot

__all__ = [
    "Action",
    "Decision",
    "Facts",
    "MemorySnapshot",
    "Operation",
    "PolicyRef",
    "RuleFaultError",
    "Snapshot",
    "User",
    "Violation",
    "applying",
    "decide",
]
