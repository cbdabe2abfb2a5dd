"""The two servers under test, each pinned to one core, and what the operating system says of them."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SERVER_CORE: Final = "0"
LOADER_CORE: Final = "1"


@dataclass(frozen=True)
class Server:
    """A running server with its port and process."""

    name: str
    port: int
    pid: int
    ready_seconds: float

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def resident_mib(self) -> float:
        return _status_kib(self.pid, "VmRSS") / 1024

    def peak_mib(self) -> float:
        return _status_kib(self.pid, "VmHWM") / 1024

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def headgate(snapshot: Path, certificates: Path) -> Iterator[Server]:
    port, metrics = free_port(), free_port()
    command = [sys.executable, "-m", "headgate", "webhook", f"--snapshot={snapshot}", f"--port={port}"]
    command += [f"--cert-dir={certificates}", f"--metrics-port={metrics}"]
    with _running("headgate", command, port, certificates) as server:
        yield server


@contextmanager
def controller_runtime(binary: Path, snapshot: Path, certificates: Path) -> Iterator[Server]:
    port = free_port()
    command = [str(binary), f"-snapshot={snapshot}", f"-port={port}", f"-cert-dir={certificates}"]
    # One core is what both get; without this Go would start as many threads as the machine has cores.
    with _running("controller-runtime", command, port, certificates, GOMAXPROCS="1") as server:
        yield server


@contextmanager
def _running(name: str, command: list[str], port: int, certificates: Path, **environment: str) -> Iterator[Server]:
    began = time.monotonic()
    process = subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_health(process, port, certificates, deadline=began + 60)
        yield Server(name, port, process.pid, time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _await_health(process: subprocess.Popen[bytes], port: int, certificates: Path, deadline: float) -> None:
    context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    seen: object = None
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it was healthy")
        try:
            with urllib.request.urlopen(f"https://localhost:{port}/healthz", context=context, timeout=1) as answer:
                if answer.status == 200:
                    return
                seen = answer.status
        except OSError as error:
            seen = error
        time.sleep(0.02)
    raise TimeoutError(f"{process.args!r} not healthy in time; last seen: {seen}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _status_kib(pid: int, key: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise KeyError(key)
