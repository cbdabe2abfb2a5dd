"""Other test runs, to be ended in order or killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.processes import Process
from tests.cluster.state import State

_REPOSITORY: Final = Path(__file__).parents[2]
_OWNER: Final = """
import sys
from tests.cluster.cluster import {factory}
with {factory}() as cluster:
    print(cluster.kubeconfig.parent, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(factory: str) -> Iterator[tuple[subprocess.Popen[str], State]]:
    """A process that has a cluster, as a test run has; it ends in order when its input closes."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER.format(factory=factory)],
        cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        path = run.stdout.readline().strip()
        assert path, "the run ended before its cluster was ready"
        yield run, State(Path(path))


def alive(some: list[Process]) -> str | None:
    """Which of them still run; None when none does."""
    left = [process.pid for process in some if process.alive()]
    return f"processes {left} still run" if left else None
