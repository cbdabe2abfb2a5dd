"""The webhook's replicas and the leader as processes, with the rights that the chart gives them and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from tests.cluster import waiting
from tests.cluster.cluster import Cluster

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 180.0


@dataclass
class Program:
    """One process of ours. `log` holds its JSON lines."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    host: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=dict)

    def ready(self) -> bool:
        return self.page("/readyz")[0] == 200

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the plain port; 0 when it is not there."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.ports['metrics_port']}{path}", timeout=5) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()
        except OSError as error:
            return 0, str(error)

    def metric(self, name: str) -> float:
        """The sum of a metric's series."""
        lines = self.page("/metrics")[1].splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))

    def until_listening(self) -> None:
        def silent() -> str | None:
            for line in self.log.read_text().splitlines():
                entry = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
                if entry.get("message") == "listening":
                    self.ports = {key: value for key, value in entry.items() if key.endswith("port")}
                    return None
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log.read_text()[-2000:]}")
            return "nothing about listening in its log"

        waiting.until(f"{self.name} to listen", silent, START_SECONDS)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def start(name: str, folder: Path, *command: str | Path, host: str = "127.0.0.1") -> Program:
    """Start `python -m ...` from the repository, and wait until it listens on `host`."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=output, stderr=output)
    program = Program(name, process, log, host)
    program.until_listening()
    return program


def as_account(cluster: Cluster, namespace: str, account: str, folder: Path) -> Path:
    """A kubeconfig with the account's own token."""
    given = yaml.safe_load(cluster.kubeconfig.read_text())
    token = cluster.kubectl("-n", namespace, "create", "token", account).strip()
    for entry in given["users"]:
        entry["user"] = {"token": token}
    path = folder / f"{account}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(given))
    return path
