"""A worker under `headgate-wait`, of any library: it has ended, and so it runs nothing. The script does what is asked.

What it runs before that, RQ tells: a hash for each of its workers, which names its host. Tried with RQ 3.0. Of other
libraries nobody knows, so a worker that has not ended counts as one that runs a job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from headgate.agent.connecting import Link
from headgate.agent.plan import Look, Process

NAME: Final = "child"


@dataclass(frozen=True, slots=True)
class Work:
    running: int = 1
    completed: int = 0
    seconds: float = 0.0


def unknown() -> Work:
    return Work()


class Child:
    def __init__(self, state: Path, count: Callable[[], Work] = unknown) -> None:
        self._state = state
        self._count = count

    def look(self, *, asked: bool) -> Look:
        try:
            beat, state = self._state.read_text().split()
        except (OSError, ValueError):
            return {}
        if state == "stopped":
            return {NAME: Process(quiet=True, running=0, beat=beat)}
        work = self._count()
        # That it was told to stop is not that it has heard.
        return {NAME: Process(False, work.running, completed=work.completed, seconds=work.seconds, beat=beat)}

    def quiet(self) -> None:
        """`headgate-wait` reads the request itself."""

    def wake(self) -> None:
        """And its end."""

    def close(self) -> None: ...


class RQWorkers:
    """What RQ's workers on this host do. Everybody's names are read only while ours are not known."""

    def __init__(self, link: Link, host: str, prefix: str = "rq:") -> None:
        self._link = link
        self._host = host.encode()
        self._prefix = prefix
        self._keys: list[bytes] = []

    def __call__(self) -> Work:
        told = [answer for answer in map(self._told, self._keys) if answer[0] is not None]
        if not told or len(told) < len(self._keys):
            self._keys = self._mine()
            told = [answer for answer in map(self._told, self._keys) if answer[0] is not None]
        if not told:
            return Work()
        return Work(
            running=sum(answer[0] == b"busy" for answer in told),
            completed=sum(int(answer[1] or 0) + int(answer[2] or 0) for answer in told),
            seconds=sum(float(answer[3] or 0) for answer in told),
        )

    def _told(self, key: bytes) -> Any:
        fields = ("state", "successful_job_count", "failed_job_count", "total_working_time")
        return self._link.ask("HMGET", key, *fields)

    def _mine(self) -> list[bytes]:
        everyone = sorted(self._link.ask("SMEMBERS", f"{self._prefix}workers"))
        answers = self._link.ask_all(("HMGET", key, "hostname", "death") for key in everyone)
        return [key for key, (host, death) in zip(everyone, answers, strict=True) if host == self._host and not death]
