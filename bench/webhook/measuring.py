"""Loads servers in turns and tells the middle of what was measured."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.webhook.servers import LOADER_CORE, Server, within

Report = dict[str, float]
Load = Callable[[Server, int, float], Report]
"""Loads a server over so many connections, at so many requests a second or, with 0, as fast as it answers."""

CONNECTIONS = (1, 16)


class Loader:
    def __init__(self, program: Path, authority: Path, cases: Path, seconds: float, host: str = "localhost") -> None:
        pinned = ["taskset", "-c", str(LOADER_CORE), str(program)]
        self._command = [*pinned, f"-ca={authority}", f"-cases={cases}", f"-server-name={host}"]
        self._seconds = seconds

    def __call__(self, server: Server, connections: int, rate: float) -> Report:
        flags = [
            f"-address=127.0.0.1:{server.port}",
            f"-connections={connections}",
            f"-duration={self._seconds}s",
            f"-rate={rate}",
        ]
        before, served = server.cpu(), server.served() if server.side_port else {}
        done = subprocess.run([*self._command, *flags], capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"loading {server.name}: {done.stderr.strip()}")
        report: Report = json.loads(done.stdout)
        if server.side_port:
            after = server.served()
            report |= {"inside p50": within(served, after, 0.5), "inside p99": within(served, after, 0.99)}
        return {**report, "cpu": 1e6 * (server.cpu() - before) / max(1, report["sent"])}


def measure(load: Load, servers: Sequence[Server], rounds: int) -> dict[str, list[Report]]:
    """In turns, so that a noisy minute of the machine falls on all; last at half of the rate that was reached."""
    results: dict[str, list[Report]] = {}
    for _ in range(rounds):
        for connections in CONNECTIONS:
            for server in servers:
                results.setdefault(f"{server.name} c={connections}", []).append(load(server, connections, 0))
    for _ in range(rounds):
        for server in servers:
            half = middle(results[f"{server.name} c={CONNECTIONS[-1]}"], "rate") / 2
            results.setdefault(f"{server.name} half", []).append(load(server, CONNECTIONS[-1], half))
    return results


def middle(reports: Sequence[Report], key: str) -> float:
    return median(report[key] for report in reports)
