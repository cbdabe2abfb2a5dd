"""Admission reviews per second of one core, beside a hand-written controller-runtime webhook.

Run by `python -m bench.webhook`. Both servers get the same 5,000 objects, the same 16 policies and the same reviews
over TLS; both calls of a request count, and every verdict is checked. They run in turn, one at a time, on one core;
the load generator has the other. Figures are medians over rounds, the comparison is the median of the ratios of
neighbouring runs.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import click

from bench.webhook import peers, world
from bench.webhook.servers import LOADER_CORE, Server, controller_runtime, headgate
from certs import authority


@dataclass(frozen=True)
class Run:
    """One run of the load generator against one server. Latencies are seen by the client, in milliseconds."""

    per_second: float
    p50: float
    p99: float
    cpu_milliseconds: float


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True)
@click.option("--requests", default=12_000, show_default=True, help="Requests a run.")
def main(rounds: int, requests: int) -> None:
    webhook, loader = peers.build("webhook-go"), peers.build("loader-go")
    with tempfile.TemporaryDirectory() as folder:
        snapshot, certificates, calls = Path(folder, "snapshot"), Path(folder, "certs"), Path(folder, "calls.json")
        snapshot.mkdir()
        certificates.mkdir()
        _write_certificates(certificates)
        objects = world.write(snapshot)
        world.write_calls(calls)
        print(
            f"{objects} objects, {world.POLICIES} policies, {len(world.calls())} calls, {rounds} rounds of {requests}"
        )
        for connections in (1, 16):
            ours, theirs = [], []
            with headgate(snapshot, certificates) as a, controller_runtime(webhook, snapshot, certificates) as b:
                for server in (a, b):
                    _load(loader, server, calls, certificates, connections, requests // 4)
                for _ in range(rounds):
                    ours.append(_load(loader, a, calls, certificates, connections, requests))
                    theirs.append(_load(loader, b, calls, certificates, connections, requests))
                _print(connections, [(a, ours), (b, theirs)])


def _load(loader: Path, server: Server, calls: Path, certificates: Path, connections: int, requests: int) -> Run:
    command = ["taskset", "-c", LOADER_CORE, str(loader), f"-url={server.url}", f"-calls={calls}"]
    command += [f"-ca={certificates / 'ca.crt'}", f"-connections={connections}", f"-requests={requests}"]
    before = server.cpu_seconds()
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if result["wrong"]:
        raise SystemExit(f"{server.name} answered {result['wrong']} reviews wrongly, such as {result['example']}")
    spent = (server.cpu_seconds() - before) / result["requests"] * 1000
    return Run(result["perSecond"], result["p50Milliseconds"], result["p99Milliseconds"], spent)


def _print(connections: int, measured: Sequence[tuple[Server, list[Run]]]) -> None:
    print(f"\n{connections} connection(s)          req/s  p50 ms  p99 ms  CPU ms/review  RSS MiB  ready s")
    for server, runs in measured:
        rate, p50, p99 = (median(getattr(run, key) for run in runs) for key in ("per_second", "p50", "p99"))
        cpu = median(run.cpu_milliseconds for run in runs)
        ready = f"{server.ready_seconds:7.2f}"
        print(f"{server.name:<20} {rate:8.0f} {p50:7.2f} {p99:7.2f} {cpu:14.3f} {server.peak_mib():8.0f}  {ready}")
    pairs = zip(measured[0][1], measured[1][1], strict=True)
    ratio = median(a.per_second / b.per_second for a, b in pairs)
    print(f"{measured[0][0].name} / {measured[1][0].name}: {ratio:.2f} of its rate")


def _write_certificates(folder: Path) -> None:
    now = datetime.now(UTC)
    root = authority.new_authority(now, timedelta(days=1))
    leaf = authority.issue_leaf(root, ["localhost"], now, timedelta(hours=12))
    (folder / "ca.crt").write_bytes(root.certificate)
    (folder / "tls.crt").write_bytes(leaf.certificate)
    (folder / "tls.key").write_bytes(leaf.key)


if __name__ == "__main__":
    main()
