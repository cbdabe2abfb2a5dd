"""Workers as processes of their own, to be signalled and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class WorkerProcess:
    """One `python -m headgate_worker`, or the impatient variant of it; its output goes to a file."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        module = environment.get("MODULE", "headgate_worker")
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "--admin-port", "0", *arguments],
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{ROOT}:{ROOT / 'examples' / 'worker'}",
                    "HEADGATE_DRAIN_REQUEST": "/nowhere/drain",
                    **environment,
                },
                stdout=output,
                stderr=output,
            )

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, seconds: float = 20.0) -> int:
        """The exit code."""
        return self._process.wait(seconds)

    def output(self) -> str:
        return self.log.read_text(errors="replace")
