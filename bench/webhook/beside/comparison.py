"""One run: all engines give every sample the same verdict, then each is loaded in turns with the same writes.

A request is one write with all it costs. Headgate is always asked twice, at `/default` and, where that lets it through,
at `/validate`. A peer that judges is asked once, and is put beside a Headgate that has the rules and nothing else; one
that also sets labels is asked twice, and is put beside a Headgate that sets them too and judges sixteen policies of
limits besides. The servers have one core, and everything else has the other.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from bench.webhook import servers, world
from bench.webhook.beside import gatekeeper, rules
from bench.webhook.beside.engine import Engine
from bench.webhook.beside.writes import measured, samples
from bench.webhook.measuring import CONNECTIONS, Loader, Report, measure, middle
from bench.webhook.servers import LOADER_CORE, Server
from tests import kinds
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.state import State

PEERS: Final[dict[str, ModuleType]] = {"gatekeeper": gatekeeper}
ALONE: Final = "headgate, ten rules"
AMONG: Final = "headgate, labels and all"
_REST_SECONDS: Final = 5.0


def run(names: Sequence[str], seconds: float, rounds: int, python: str) -> dict[str, list[Report]]:
    for name in names:
        PEERS[name].build()
    loader = servers.build("loader")
    with tempfile.TemporaryDirectory() as made, running_control_plane(Settings(controllers=False)) as cluster:
        folder = Path(made)
        prepare(cluster)
        with started(names, cluster, folder, python) as engines:
            verify(engines)
            leave_servers_their_core(cluster)
            resting = rest([engine.server for engine in engines])
            loaders = {engine.server.name: _loader(loader, engine, folder, seconds) for engine in engines}
            results = measure(
                lambda server, connections, rate: loaders[server.name](server, connections, rate),
                [engine.server for engine in engines],
                rounds,
            )
            show(engines, results, resting)
    return results


def prepare(cluster: Cluster) -> None:
    """Our kinds and the namespace of the writes, which the peers look up."""
    kinds.serve(cluster)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.HOME, "labels": {"env": "prod"}}}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(space))


@contextlib.contextmanager
def started(names: Sequence[str], cluster: Cluster, folder: Path, python: str) -> Iterator[list[Engine]]:
    authority = servers.certificates(folder)
    world.write(folder / "alone", [rules.headgate()])
    world.write(folder / "among", [*world.policies(), rules.headgate()])
    with contextlib.ExitStack() as running:
        engines = []
        for name, snapshot in ((ALONE, "alone"), (AMONG, "among")):
            server = running.enter_context(servers.headgate(folder / snapshot, folder, name, python))
            paths = ("/default", "/validate")
            engines.append(Engine(server, authority, "localhost", paths, sets_labels=name == AMONG))
        for name in names:
            engines += running.enter_context(PEERS[name].running(cluster, folder))
        yield engines


def leave_servers_their_core(cluster: Cluster) -> None:
    """Puts etcd, the API server and ourselves to the loader. They start on both cores, for that takes long on one."""
    others = [process.pid for process in State(cluster.kubeconfig.parent).running().values()]
    for pid in (*others, os.getpid()):
        command = ["taskset", "--all-tasks", "--cpu-list", "--pid", str(LOADER_CORE), str(pid)]
        subprocess.run(command, check=True, capture_output=True)


def verify(engines: Sequence[Engine]) -> None:
    """All give the same verdicts, before anything is measured."""
    writes = [*samples(), *measured()]
    wrong = [f"{engine.server.name}: {said}" for engine in engines for said in engine.differing(writes)]
    if wrong:
        raise RuntimeError("\n".join([f"{len(wrong)} verdicts differ", *wrong]))
    print(f"{len(writes)} writes judged alike, {sum(not write.good for write in writes)} of them refused")


def rest(idle: Sequence[Server]) -> dict[str, float]:
    """Milliseconds of processor time that each takes in a second in which nobody asks it."""
    before = [server.cpu() for server in idle]
    time.sleep(_REST_SECONDS)
    return {server.name: 1e3 * (server.cpu() - cpu) / _REST_SECONDS for server, cpu in zip(idle, before, strict=True)}


def _loader(program: Path, engine: Engine, folder: Path, seconds: float) -> Loader:
    cases = []
    for write in measured():
        first, *then = engine.calls(write)
        cases.append({**first, "then": then})
    file = folder / f"{engine.server.name}.json"
    file.write_text(json.dumps(cases, separators=(",", ":")))
    return Loader(program, engine.authority, file, seconds, engine.host)


def show(engines: Sequence[Engine], results: dict[str, list[Report]], resting: dict[str, float]) -> None:
    writes = measured()
    calls = {engine.server.name: sum(len(engine.calls(write)) for write in writes) / len(writes) for engine in engines}
    print(f"{len(rules.EXPRESSIONS)} rules in CEL, {len(writes)} kinds of writes; one core for the servers, TLS")
    print(f"{'':34}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'calls':>7}{'a call':>8}")
    for name, reports in results.items():
        told = f"{middle(reports, 'rate'):>11.0f}{middle(reports, 'p50'):>9.3f}{middle(reports, 'p99'):>9.3f}"
        cpu, asked = middle(reports, "cpu"), calls[name.rpartition(" ")[0]]
        print(f"{name:34}{told}{cpu:>9.0f}{asked:>7g}{cpu / asked:>8.0f}")
    processes: dict[int, Server] = {}
    for engine in engines:
        processes.setdefault(engine.server.pid, engine.server)
    for server in processes.values():
        print(
            f"{server.name:34}RSS {server.memory():.0f} MiB, most {server.memory('VmHWM'):.0f} MiB,"
            f" at rest {resting[server.name]:.1f} ms of processor time a second"
        )
    for peer in engines[2:]:
        ours, theirs = AMONG if peer.sets_labels else ALONE, peer.server.name
        for connections in CONNECTIONS:
            one, other = (results[f"{name} c={connections}"] for name in (ours, theirs))
            rate, cpu = (middle(one, "rate") / middle(other, "rate"), middle(other, "cpu") / middle(one, "cpu"))
            print(
                f"{ours} / {theirs} at c={connections}: {rate:.2f}, by processor time a request {cpu:.2f},"
                f" a call {cpu * calls[ours] / calls[theirs]:.2f}"
            )
