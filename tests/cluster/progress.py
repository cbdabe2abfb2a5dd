"""Tells what long steps do, and how long they have been at it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_REMINDER_SECONDS: Final = 30.0

# Put before a command that must not go on when we are killed and our locks are free again.
DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL", "--")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(
    what: str, argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end; every half minute says that it still runs. Its output is shown if it fails."""
    say(f"{what} ...")
    began = time.monotonic()
    with subprocess.Popen(
        list(map(str, argv)), cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:  # fmt: skip
        try:
            output = _output(process, what, began)
        except BaseException:
            process.kill()
            raise
    took = time.monotonic() - began
    if process.returncode != 0:
        tail = "\n".join(output.splitlines()[-40:])
        raise RuntimeError(f"{what}: exit code {process.returncode} after {took:.0f} s:\n{tail}")
    say(f"{what}: done in {took:.0f} s")


def _output(process: subprocess.Popen[str], what: str, began: float) -> str:
    while True:
        try:
            output, _ = process.communicate(timeout=_REMINDER_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"{what}: {time.monotonic() - began:.0f} s so far")
        else:
            return output
