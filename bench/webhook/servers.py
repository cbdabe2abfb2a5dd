"""The two servers as processes on one core, and what can be read of them from outside."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from certs.authority import issue_leaf, new_authority

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / "bench" / "peers"
SERVER_CORE: Final = 0
LOADER_CORE: Final = 1
START_SECONDS: Final = 120.0
_WITHIN: Final = re.compile(
    r'^headgate_webhook_review_duration_seconds_bucket\{.*le="([^"]+)".*\} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: `ready` is the seconds from its start to its first answer over TLS."""

    name: str
    pid: int
    port: int
    ready: float
    side_port: int = 0

    def memory(self, key: str = "VmRSS") -> float:
        """MiB of resident memory; `VmHWM` is the most there ever was."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"{self.name}: no {key} in /proc/{self.pid}/status")

    def cpu(self) -> float:
        """Seconds of processor time so far: what a review costs, whoever else uses the machine."""
        return _clock_ticks(self.pid) / os.sysconf("SC_CLK_TCK")

    def served(self) -> dict[float, float]:
        """Reviews by the bound of seconds within which they were answered, from their headers on; cumulative."""
        found: dict[float, float] = {}
        with urlopen(f"http://127.0.0.1:{self.side_port}/metrics", timeout=5) as response:
            for bound, count in _WITHIN.findall(response.read().decode()):
                found[float(bound)] = found.get(float(bound), 0.0) + float(count)
        return found


def within(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """The least bound, in milliseconds, within which a share of the reviews between two readings was answered."""
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    return 1e3 * next(bound for bound, count in counts.items() if count >= share * counts[float("inf")])


def _clock_ticks(pid: int) -> int:
    """User and system time of a process, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def cache() -> Path:
    root = os.environ.get("HEADGATE_CACHE")
    folder = (Path(root) if root else Path.home() / ".cache" / "headgate") / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build(peer: str) -> Path:
    """A Go program of `bench/peers`, built where the go command finds that it changed."""
    target = cache() / peer
    command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(target), "."]
    done = subprocess.run(
        command,
        cwd=PEERS / peer,
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"go build of bench/peers/{peer}: {done.stderr.strip()}")
    return target


def certificates(folder: Path) -> Path:
    """tls.crt and tls.key for localhost; returns the file of their authority."""
    now = datetime.now(UTC)
    authority = new_authority(now, timedelta(days=1))
    leaf = issue_leaf(authority, ["localhost"], now, timedelta(days=1))
    (folder / "tls.crt").write_bytes(leaf.certificate)
    (folder / "tls.key").write_bytes(leaf.key)
    (folder / "ca.crt").write_bytes(authority.certificate)
    return folder / "ca.crt"


@contextlib.contextmanager
def headgate(world: Path, certs: Path, name: str = "headgate", python: str = sys.executable) -> Iterator[Server]:
    """With another interpreter it runs on the packages of this one."""
    port, side_port = free_port(), free_port()
    flags = [f"--snapshot={world}", f"--cert-dir={certs}", f"--port={port}", f"--metrics-port={side_port}"]
    command = [python, "-m", "headgate", "webhook", "--host=127.0.0.1", "--linger-seconds=0", *flags]
    with _running(name, command, port, certs, side_port) as server:
        yield server


@contextlib.contextmanager
def controller_runtime(world: Path, certs: Path) -> Iterator[Server]:
    port = free_port()
    command = [str(build("webhook-go")), f"--snapshot={world}", f"--cert-dir={certs}", f"--port={port}"]
    with _running("controller-runtime", command, port, certs) as server:
        yield server


@contextlib.contextmanager
def _running(name: str, command: list[str], port: int, certs: Path, side_port: int = 0) -> Iterator[Server]:
    started = time.monotonic()
    with pinned(command, certs / f"{name}.log") as process:
        _wait(process, port, certs, started + START_SECONDS)
        yield Server(name, process.pid, port, time.monotonic() - started, side_port)


@contextlib.contextmanager
def pinned(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process on the servers' core until the block ends; a Go program runs on one thread at a time there."""
    with log.open("w") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}", "GOMAXPROCS": "1"},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, certs: Path, deadline: float) -> None:
    seen = "nothing listens yet"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            post(port, certs / "ca.crt", "/validate", b"{}")
        except OSError as error:
            seen = str(error)
            time.sleep(0.01)
        else:
            return
    logs = "".join(path.read_text()[-2000:] for path in certs.glob("*.log"))
    raise RuntimeError(f"no server on port {port} (exit code {process.poll()}): {seen}\n{logs}")


def post(port: int, authority: Path, path: str, body: bytes, host: str = "localhost") -> bytes:
    trusting = ssl.create_default_context(cafile=str(authority))
    connection = HTTPSConnection(host, port, context=trusting, timeout=5)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        return connection.getresponse().read()
    finally:
        connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])
