"""Whether a new revision has failed, from how the pods of it have fared: pure, and decided anew in every pass.

A revision fails when it has had its time and none of its pods promises anything. A worker that runs a job promises
something however long the job takes; one that is ready and takes no job while jobs wait does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NO_ROOM_STARTUPS: Final = 2
"""A pod that is not placed after so many start-up times finds no room."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One pod of the new revision. `age` in seconds; `trouble` is what keeps it, as the cluster says, or empty."""

    age: float
    placed: bool = True
    ready: bool = False
    restarts: int = 0
    running: int = 0
    succeeded: int = 0
    trouble: str = ""

    def promises(self, *, waiting: bool) -> bool:
        takes_jobs = bool(self.running or self.succeeded) or not waiting
        return self.ready and self.restarts == 0 and takes_jobs


@dataclass(frozen=True, slots=True)
class Trial:
    """`waiting` says whether there are jobs to take, or nobody knows; `refused_seconds` how long no pod can be made.

    `deadline` and `startup` in seconds.
    """

    pods: Sequence[Tried]
    waiting: bool
    deadline: float
    startup: float
    refused_seconds: float = 0.0
    refusal: str = ""

    @property
    def failure(self) -> str:
        """Why it has failed; empty while it has not."""
        if any(pod.promises(waiting=self.waiting) for pod in self.pods):
            return ""
        if self.refused_seconds > self.deadline:
            return self.refusal
        late = [pod for pod in self.pods if pod.age > self.deadline]
        return _why(late[0]) if late else ""

    @property
    def cramped(self) -> str:
        """Why its pods find no room; empty where they do, or may yet."""
        patience = NO_ROOM_STARTUPS * self.startup
        if self.refused_seconds > patience:
            return self.refusal
        homeless = [pod for pod in self.pods if not pod.placed and pod.age > patience]
        return homeless[0].trouble or "no node takes it" if homeless else ""


def _why(pod: Tried) -> str:
    if pod.trouble:
        return pod.trouble
    if pod.restarts:
        return "its worker was restarted"
    return "its worker takes no job" if pod.ready else "its worker is not ready"
