"""The state folder of one cluster: its processes' records, logs, keys and data, and who may throw it away.

A cluster belongs to the process that started it until that one hands it over (`detach`). Whoever starts or looks next
removes what an owner that was killed has left. Everything in the folder can be made again, so removing is always right.
"""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import cache, leftovers, processes, waiting
from tests.cluster.errors import BusyError, DiedError
from tests.cluster.processes import Process

_DETACHED: Final = "detached"
_OWNER: Final = "owner"
_JANITOR: Final = "janitor"


@dataclass(frozen=True, slots=True)
class State:
    """One cluster's folder."""

    path: Path

    @property
    def kubeconfig(self) -> Path:
        return self.path / "kubeconfig"

    def start(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        processes.start(argv, self.path / "processes" / name, self._log(name), env)

    def stop(self, name: str) -> None:
        """End one process of the cluster and forget it."""
        record = self.path / "processes" / name
        process = processes.recorded(record)
        if process is not None:
            processes.stop([process])
            record.unlink()

    def running(self) -> dict[str, Process]:
        """Live processes by name, oldest first."""
        records = [path for path in (self.path / "processes").glob("*") if path.suffix != ".new"]
        found = {path.name: processes.recorded(path) for path in sorted(records, key=_modified)}
        return {name: process for name, process in found.items() if process is not None and process.alive()}

    def log_tail(self, name: str, lines: int = 15) -> str:
        log = self._log(name)
        if not log.exists():
            return "(no log)"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

    def wait(self, what: str, names: Sequence[str], probe: Callable[[], str | None], seconds: float) -> None:
        """Wait for `probe` to return None, and fail at once with the log when one of `names` ends."""

        def checked() -> str | None:
            running = self.running()
            for name in names:
                if name not in running:
                    raise DiedError(
                        f"{name} ended while waiting for {what}; end of {self._log(name)}:\n{self.log_tail(name)}"
                    )
            return probe()

        waiting.until(what, checked, seconds)

    def owner(self) -> Process | None:
        """The live process this cluster belongs to."""
        text = self._owner_text()
        if text in ("", _DETACHED):
            return None
        owner = Process.parse(text)
        return owner if owner.alive() else None

    def detached(self) -> bool:
        return self._owner_text() == _DETACHED

    def detach(self) -> None:
        """Hand the cluster over: from now on it stays until someone removes it."""
        self.stop(_JANITOR)
        cache.write(self.path / _OWNER, _DETACHED)

    def in_use(self) -> bool:
        """Whether someone counts on it: a live owner, or a handed-over cluster with something still running."""
        return self.owner() is not None or (self.detached() and bool(self.running()))

    def remove(self) -> None:
        """Stop the processes and take away all they made. Safe to repeat after being killed in the middle."""
        # Nothing here is worth a graceful end: the data goes with the folder.
        ours = processes.current()
        processes.stop([process for process in self.running().values() if process != ours], grace_seconds=0)
        leftovers.remove(self.path)
        # Its owner's mark goes last: by it we know the folder again if we are killed here.
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != _OWNER:
                entry.unlink()
        shutil.rmtree(self.path)

    def _log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def _owner_text(self) -> str:
        try:
            return (self.path / _OWNER).read_text().strip()
        except FileNotFoundError:
            return ""


def claim(path: Path | None = None) -> State:
    """A fresh state folder that belongs to us. Abandoned ones in the cache are removed first."""
    folder = _folder()
    with cache.locked(folder / ".lock"):
        for abandoned in known():
            if not abandoned.in_use():
                abandoned.remove()
        state = State((path or folder / secrets.token_hex(4)).resolve())
        if state.in_use():
            remedy = f"python -m tests.cluster down --state {state.path}"
            raise BusyError(f"a cluster already runs in {state.path}; end it with: {remedy}")
        if state.path.exists():
            _refuse_foreign(state)
            state.remove()
        state.path.mkdir(parents=True)
        cache.write(state.path / _OWNER, str(processes.current()))
    _start_janitor(state)
    return state


def discard(state: State) -> bool:
    """Remove a cluster, whoever it belongs to; returns whether there was one."""
    with cache.locked(_folder() / ".lock"):
        if not state.path.exists():
            return False
        _refuse_foreign(state)
        state.remove()
        return True


def remove_after_owner(state: State) -> None:
    """The janitor's whole life: wait for the owner's end, then take away what it left."""
    owner = state.owner()
    if owner is not None:
        processes.wait(owner)
    with cache.locked(_folder() / ".lock"):
        if state.path.exists() and not state.in_use():
            state.remove()


def _start_janitor(state: State) -> None:
    # Killed runs clean nothing up themselves, and the next start may be far off.
    repository = Path(__file__).parents[2]
    environment = {"PYTHONPATH": str(repository), "HEADGATE_CACHE": str(cache.root())}
    state.start(_JANITOR, [sys.executable, "-m", "tests.cluster", "janitor", state.path], environment)


def known() -> Iterator[State]:
    """Every cluster whose folder is in the cache."""
    for path in sorted(_folder().iterdir()):
        if path.is_dir():
            yield State(path)


def _folder() -> Path:
    folder = cache.root() / "clusters"
    folder.mkdir(exist_ok=True)
    return folder


def _refuse_foreign(state: State) -> None:
    if any(state.path.iterdir()) and not (state.path / _OWNER).exists():
        raise BusyError(f"{state.path} is not empty and not a cluster's state folder; name another")


def _modified(path: Path) -> float:
    return path.stat().st_mtime
