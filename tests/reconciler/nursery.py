"""Processes of the reconciler, forked from one that has imported all of it, for that takes two seconds of a processor:
more than all the rest of a test that starts one.

A forked process is one like any other: it has its own pid, memory, signals and end. What `exec` would add, the tests on
the node show, where the image starts the program.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from importlib import import_module
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_IMPORTED: Final = (
    "kubernetes.aio.client",
    "kubernetes.aio.config",
    "reconciler.main",
    "tests.reconciler.program",
    "tests.reconciler.phases.program",
    "tests.reconciler.phases.whole",
)


class Child:
    """One process, with the words of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        self._process.join(seconds)
        if self._process.exitcode is None:
            raise TimeoutError(f"process {self._process.pid} has not ended within {seconds:g} s")
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self._process.exitcode is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(program: str, arguments: list[str], log: Path) -> Child:
    """Run the `command` of a module; what it writes to stderr goes to `log`."""
    process = _context().Process(target=_run, args=(program, arguments, log, dict(os.environ)), daemon=True)
    process.start()
    return Child(process)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context


def _run(program: str, arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
    """The child, from its first line to its end."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("wb") as output:
        os.dup2(output.fileno(), 2)
    import_module(program).command(arguments, prog_name=program)
