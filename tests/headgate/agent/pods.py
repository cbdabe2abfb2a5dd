"""A worker's pod played on this machine: its files, its worker, and the real agent beside it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from redis import Redis

from reconciler.brokers.records import Record, parse
from tests.cluster.waiting import until

HERE: Final = Path(__file__).parent
SECONDS: Final = 60.0
POD: Final = "orders-0a1b2c3d-x2x5z"


@dataclass
class Pod:
    """`url` is the broker's, `layout` the queue's."""

    folder: Path
    url: str
    layout: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker: Any = Redis.from_url(self.url)
        (self.folder / "run").mkdir()
        queue = {"name": "orders", "queueName": "orders", "layout": self.layout, "url": self.url}
        content = {"generation": "5f3a9c01d2", "queues": [queue]}
        (self.folder / "queues.json").write_text(json.dumps(content))

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "BROKER": self.url,
            "HEADGATE_POD": POD,
            "HEADGATE_POD_UID": "uid-1",
            "HEADGATE_CONFIG": str(self.folder / "queues.json"),
            "HEADGATE_DRAIN_REQUEST": str(self.folder / "drain"),
            "HEADGATE_RUN": str(self.folder / "run"),
            "HEADGATE_HOST": socket.gethostname(),
        }
        return {**os.environ, **ours}

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            list(map(str, command)), env=self.environment, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.processes.append(process)
        return process

    def start_agent(self) -> subprocess.Popen[bytes]:
        root = str(HERE.parents[2])
        process = subprocess.Popen([sys.executable, "-m", "headgate", "agent"], env=self.environment, cwd=root)
        self.processes.append(process)
        return process

    def until_installed(self) -> None:
        script = self.folder / "run" / "headgate-wait"
        until("headgate-wait is there", lambda: None if script.exists() else "no such file", SECONDS)

    def ask(self, *, drain: bool) -> None:
        (self.folder / "drain").write_text("ScaleDown/2027-01-15T08:00:00Z" if drain else "")

    def record(self) -> Record | None:
        """The agent's record, as the reconciler reads it."""
        records = self.broker.hgetall("orders:workers")
        found = [parse(instance.decode(), text) for instance, text in records.items()]
        return found[0] if found else None

    def age_of_record(self) -> float:
        """In seconds, by the broker's clock; 0 while there is none."""
        record = self.record()
        seconds, microseconds = self.broker.time()
        return seconds + microseconds / 1e6 - record.time if record is not None else 0.0

    def until_says(self, state: str, **counts: int) -> Record:
        def said() -> str | None:
            record = self.record()
            fits = record is not None and record.state == state
            fits = fits and all(getattr(record, name) == count for name, count in counts.items())
            return None if fits else f"{record}; exit codes {[process.poll() for process in self.processes]}"

        until(f"the record says {state} {counts}", said, SECONDS)
        record = self.record()
        assert record is not None
        return record

    def until_counted(self, key: str, least: int) -> None:
        until(f"{least} {key}", lambda: None if self.count(key) >= least else str(self.count(key)), SECONDS)

    def count(self, key: str) -> int:
        return int(self.broker.llen(key))

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            _end(process)
        self.broker.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Celery is left no time for all that it holds: what a test had to show, it has shown."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stderr is not None:
        process.stderr.close()
