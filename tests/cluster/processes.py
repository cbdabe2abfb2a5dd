"""Long-running processes, known by what the kernel says of them and by nothing else.

A process writes its own record (process id, start time, boot) before it becomes the program asked for, so there is no
moment at which it runs unrecorded, even if its starter is killed. A record counts only while pid, start time and boot
all agree; signals go through a pidfd opened before that comparison, so a reused id is never hit.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import debian

# Runs in the new process: record, then become the program. The pid and the start time survive exec.
_RECORD_THEN_EXEC: Final = (
    'cat "/proc/$$/stat" /proc/sys/kernel/random/boot_id > "$0.new" && mv "$0.new" "$0" && exec "$@"'
)
_INHERITED: Final = ("HOME", "TMPDIR", "LANG")
# Programs in Go let their heap grow fourfold, not twofold, before they look for garbage, which was a fifth of what
# kube-apiserver computed. It takes a few hundred MB more.
_ROOMY: Final = {"GOGC": "300"}
_STOP_GRACE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this boot: the pid alone would not say which."""

    pid: int
    start_ticks: int
    boot_id: str

    def alive(self) -> bool:
        return self.boot_id == boot_id() and _start_ticks(self.pid) == self.start_ticks

    def __str__(self) -> str:
        return f"{self.pid} {self.start_ticks} {self.boot_id}"

    @classmethod
    def parse(cls, text: str) -> Process:
        pid, ticks, boot = text.split()
        return cls(int(pid), int(ticks), boot)


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def current() -> Process:
    """The process we are."""
    ticks = _start_ticks(os.getpid())
    assert ticks is not None, "our own /proc entry is there"
    return Process(os.getpid(), ticks, boot_id())


def start(argv: Sequence[str | Path], record: Path, log: Path, env: Mapping[str, str] | None = None) -> Process:
    """Start a daemon in its own session. It outlives us; whoever stops it reads `record`.

    Of our environment it gets only what a program needs to run: a proxy meant for downloads must not come between
    the parts of a cluster.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    inherited["PATH"] = debian.search_path()
    command = ["setsid", "--fork", "sh", "-c", _RECORD_THEN_EXEC, str(record), *map(str, argv)]
    with log.open("ab") as output:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**_ROOMY, **inherited, **(env or {})},
            check=True,
        )
    deadline = time.monotonic() + 10
    while (process := recorded(record)) is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{argv[0]} did not start: no record {record} after 10 s; see {log}")
        time.sleep(0.002)
    return process


def recorded(record: Path) -> Process | None:
    """The process that wrote this record, running or not."""
    try:
        stat, boot = record.read_text().splitlines()
    except FileNotFoundError:
        return None
    pid, _, rest = stat.partition(" ")
    return Process(int(pid), int(rest.rpartition(")")[2].split()[19]), boot)


def stop(processes: Iterable[Process], grace_seconds: float = _STOP_GRACE_SECONDS) -> None:
    """End these processes: SIGTERM to all, SIGKILL after the grace to those that are left."""
    with_descriptors = [(process, pidfd) for process in processes if (pidfd := _open(process)) is not None]
    try:
        for _, pidfd in with_descriptors:
            _signal(pidfd, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        stubborn = [entry for entry in with_descriptors if not _ended(entry[1], deadline - time.monotonic())]
        for _, pidfd in stubborn:
            _signal(pidfd, signal.SIGKILL)
        for process, pidfd in stubborn:
            if not _ended(pidfd, 10.0):
                raise RuntimeError(f"process {process.pid} is still there 10 s after SIGKILL")
    finally:
        for _, pidfd in with_descriptors:
            os.close(pidfd)


def wait(process: Process) -> None:
    """Wait, for as long as it takes, until the process ends."""
    pidfd = _open(process)
    if pidfd is not None:
        select.select([pidfd], [], [])
        os.close(pidfd)


def _open(process: Process) -> int | None:
    try:
        pidfd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if process.alive():
        return pidfd
    os.close(pidfd)
    return None


def _signal(pidfd: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return


def _ended(pidfd: int, within_seconds: float) -> bool:
    readable, _, _ = select.select([pidfd], [], [], max(0.0, within_seconds))
    return bool(readable)


def _start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks after boot; None where there is none or only its corpse."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
