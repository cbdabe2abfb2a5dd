"""Reconcilers as real processes: started, looked at over their port, and ended in every way there is."""

from __future__ import annotations

import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.cluster import waiting
from tests.reconciler import nursery


@dataclass
class Reconciler:
    """One process. `log` holds its JSON lines."""

    process: nursery.Child
    log: Path

    @property
    def port(self) -> int:
        found = next((line["metrics_port"] for line in self.lines() if line["message"] == "listening"), None)
        if found is None:
            raise TimeoutError("it is not listening yet")
        return int(found)

    def lines(self) -> list[dict[str, Any]]:
        complete = self.log.read_bytes().rpartition(b"\n")[0].splitlines()
        return [orjson.loads(line) for line in complete]

    def messages(self, level: str) -> list[str]:
        return [str(line["message"]) for line in self.lines() if line["level"] == level]

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the plain port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                status: int = answer.status
                return status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def metric(self, series: str) -> float | None:
        """The value of one series, as it is written in the exposition."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.page("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else None

    def leads(self) -> bool:
        return self.metric("headgate_leading") == 1

    def stop(self, how: signal.Signals, seconds: float = 20) -> tuple[int, float]:
        """Send a signal; returns the exit code, and how long it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(seconds), time.monotonic() - began


@dataclass
class Reconcilers:
    """Those of one namespace."""

    kubeconfig: Path
    namespace: str
    folder: Path
    program: str = "tests.reconciler.program"
    started: list[Reconciler] = field(default_factory=list)

    def start(self, *flags: str, kubeconfig: Path | None = None) -> Reconciler:
        """Start one, and wait until its port answers."""
        log = self.folder / f"reconciler-{len(self.started)}.log"
        arguments = {
            "--namespace": self.namespace,
            "--kubeconfig": str(kubeconfig or self.kubeconfig),
            "--identity": f"reconciler-{len(self.started)}",
            "--metrics-host": "127.0.0.1",
            "--metrics-port": "0",
            "--certificates": "none",
        }
        given = [part for pair in arguments.items() for part in pair]
        log.touch()
        one = Reconciler(nursery.start(self.program, [*given, *flags], log), log)
        self.started.append(one)
        self.until(one, "the reconciler listens", lambda: None if one.page("/healthz")[0] else "silent", 180)
        return one

    def until(self, one: Reconciler, what: str, probe: Callable[[], str | None], seconds: float = 30) -> None:
        """Wait until `probe` returns None; a process that ends meanwhile is the error."""

        def alive() -> str | None:
            try:
                return probe()
            except (OSError, TimeoutError) as error:
                seen = str(error)
            if one.process.poll() is not None:
                raise AssertionError(f"{what}: it ended with {one.process.returncode}: {one.log.read_text()[-2000:]}")
            return seen

        waiting.until(what, alive, seconds)

    def until_leading(self, one: Reconciler, seconds: float = 60) -> None:
        self.until(one, "it leads", lambda: None if one.leads() else one.page("/readyz")[1], seconds)

    def kill_all(self) -> None:
        for one in self.started:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait(10)
