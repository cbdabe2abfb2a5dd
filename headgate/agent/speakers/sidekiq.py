"""Sidekiq: every process writes a heartbeat every 10 s, and reads its signals there. Read from Sidekiq 8.1.

A process is a hash `<host>:<pid>:<nonce>` with `busy`, `quiet` and `beat`, which lives for 60 s; what it runs is in
`<identity>:work`. TSTP, pushed to `<identity>-signals`, has it take nothing new, for good: to take jobs again it has to
be started anew, so a worker that is called back ends by TERM once it runs nothing, and its container starts again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headgate.agent.connecting import Link
from headgate.agent.plan import Look, Process

SIGNAL_SECONDS: Final = 60


class Sidekiq:
    """The processes on one host at one broker. `prefix` is empty but with redis-namespace."""

    def __init__(self, link: Link, host: str, prefix: str = "") -> None:
        self._link = link
        self._host = host
        self._prefix = prefix
        self._works: dict[str, frozenset[bytes]] = {}
        self._completed: dict[str, int] = {}

    def look(self, *, asked: bool) -> Look:
        found = {name: process for name in self._names() if (process := self._process(name)) is not None}
        self._works = {name: works for name, works in self._works.items() if name in found}
        return found

    def quiet(self) -> None:
        self._signal("TSTP", lambda process: not process.quiet)

    def wake(self) -> None:
        self._signal("TERM", lambda process: process.rests)

    def close(self) -> None:
        """Sidekiq's own keys end by themselves."""

    def _names(self) -> list[str]:
        everyone = self._link.ask("SMEMBERS", f"{self._prefix}processes")
        names = (member.decode(errors="replace") for member in everyone)
        return sorted(name for name in names if name.startswith(f"{self._host}:"))

    def _process(self, name: str) -> Process | None:
        key = f"{self._prefix}{name}"
        asked = (("HMGET", key, "busy", "quiet", "beat"), ("HVALS", f"{key}:work"))
        (busy, quiet, beat), works = self._link.ask_all(asked)
        if not beat:
            return None
        running = max(int(busy or 0), len(works))
        return Process(quiet == b"true", running, completed=self._ended(name, frozenset(works)), beat=beat.decode())

    def _ended(self, name: str, works: frozenset[bytes]) -> int:
        """How many of the jobs that this agent saw running have ended: fewer than were done, but never more."""
        self._completed[name] = self._completed.get(name, 0) + len(self._works.get(name, frozenset()) - works)
        self._works[name] = works
        return self._completed[name]

    def _signal(self, signal: str, whom: Callable[[Process], bool]) -> None:
        """One signal at a time: a process reads one every heartbeat, and would act late on those that pile up."""
        for name, process in self.look(asked=True).items():
            key = f"{self._prefix}{name}-signals"
            if whom(process) and not self._link.ask("EXISTS", key):
                self._link.ask_all((("LPUSH", key, signal), ("EXPIRE", key, SIGNAL_SECONDS)))
