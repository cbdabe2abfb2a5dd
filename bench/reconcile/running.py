"""The reconciler as a process of its own, beside everything that a cluster has elsewhere.

In a cluster the API server has its own cores. Here it has not, and while it collects its garbage it takes all there are
for seconds at a time. So the reconciler goes before the rest of the machine, where it may.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final

from bench.reconcile import world
from bench.reconcile.measuring import Samples, samples
from tests.cluster.cluster import Cluster

ROOT: Final = Path(__file__).parents[2]
FIRST: Final = ("nice", "-n", "-10")


class Reconciler:
    """One process, from its start."""

    def __init__(self, cluster: Cluster, folder: Path, poll: float) -> None:
        self.began = time.monotonic()
        self.log = folder / f"reconciler-{time.monotonic_ns()}.log"
        flags = {
            "--kubeconfig": cluster.kubeconfig,
            "--namespace": world.NAMESPACE,
            "--poll": poll,
            "--metrics-host": "127.0.0.1",
            "--metrics-port": 0,
            "--local-brokers": "true",
            "--certificates": "none",
            # A machine that runs an API server, its nodes and this beside it may be slow; that costs no Lease here.
            "--lease-duration": 60,
            "--renew-deadline": 45,
        }
        command = [
            *before_the_rest(),
            sys.executable,
            "-m",
            "headgate",
            "reconciler",
            *(str(part) for flag in flags.items() for part in flag),
        ]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=output)
        self.port = 0

    def metrics(self) -> Samples:
        if not self.port:
            self.port = _port(self.log.read_text())
        if not self.port:
            return {}
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
                return samples(answer.read().decode())
        except OSError:
            return {}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def before_the_rest() -> tuple[str, ...]:
    """What lets a command go before the rest of the machine, where that is allowed."""
    return FIRST if os.geteuid() == 0 else ()


def _port(log: str) -> int:
    found = re.search(r'"metrics_port":\s*(\d+)', log)
    return int(found[1]) if found else 0
