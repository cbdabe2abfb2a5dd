"""The process from its start to its end, serving from a folder of manifests over TLS."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.cluster.waiting import until
from tests.policies.objects import Object, policy, pool, queue
from tests.webhooks.install import ROOT, certificates, running
from tests.webhooks.reviews import review

LINGER = "--linger-seconds=3"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    (folder / "world.json").write_text(json.dumps({"kind": "List", "items": [queue(), limits()]}))
    unplaced = policy("everybody", limits={"maxReplicasPerPool": 30})
    del unplaced["metadata"]["namespace"]
    (folder / "unplaced.json").write_text(json.dumps(unplaced))
    return folder


def limits() -> Object:
    return policy(limits={"maxReplicasPerPool": 20})


class Served:
    """A running webhook and one kept connection to it."""

    def __init__(self, process: subprocess.Popen[str], ports: dict[str, int], authority: bytes) -> None:
        self.process = process
        self.ports = ports
        trusting = ssl.create_default_context(cadata=authority.decode())
        self.connection = HTTPSConnection("localhost", ports["port"], context=trusting, timeout=10)

    def ask(self, new: Object) -> tuple[HTTPResponse, Object]:
        body = json.dumps(review(new))
        self.connection.request("POST", "/validate?timeout=5s", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer: Object = json.loads(response.read())["response"]
        return response, answer

    def ready(self) -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{self.ports['metrics_port']}/readyz", timeout=5) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def served(world: Path, tmp_path: Path) -> Iterator[Served]:
    authority = certificates(tmp_path, "localhost")
    with running(tmp_path, f"--snapshot={world}", f"--cert-dir={tmp_path}", LINGER) as (process, ports, _):
        made = Served(process, ports, authority)
        until("the webhook is ready", lambda: None if made.ready()[0] == 200 else str(made.ready()), 30)
        yield made
        made.connection.close()


def test_it_judges_by_the_manifests(served: Served) -> None:
    assert served.ask(pool())[1]["allowed"]
    refused = served.ask(pool(scaling={"maxReplicas": 40}))[1]
    assert refused["status"]["message"].endswith(
        "spec.scaling.maxReplicas: Invalid value: 40: at most 20 (Policy limits, limits.maxReplicasPerPool)"
    )


def test_a_policy_that_names_no_namespace_is_in_that_of_the_install(served: Served) -> None:
    elsewhere = pool(scaling={"maxReplicas": 40})
    elsewhere["metadata"]["namespace"] = "default"
    message = served.ask(elsewhere)[1]["status"]["message"]
    assert message.endswith("40: at most 30 (Policy everybody, limits.maxReplicasPerPool)")


def test_it_is_not_ready_first_then_serves_on_then_ends_well(served: Served) -> None:
    response, _ = served.ask(pool())
    assert response.getheader("connection") is None
    served.process.send_signal(signal.SIGTERM)
    asked_to_stop = time.monotonic()
    until("it says that it stops", lambda: None if served.ready() == (503, "stopping") else str(served.ready()), 2)
    response, answer = served.ask(pool())
    assert answer["allowed"], "reviews are answered while connections move elsewhere"
    assert response.getheader("connection") == "close"
    assert served.process.wait(20) == 0
    assert time.monotonic() - asked_to_stop >= 3


def test_without_certificates_it_serves_with_throwaway_ones(world: Path, tmp_path: Path) -> None:
    with running(tmp_path, f"--snapshot={world}") as (process, ports, _):
        made = Served(process, ports, b"")
        until("the webhook is ready", lambda: None if made.ready()[0] == 200 else str(made.ready()), 30)
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        made.connection = HTTPSConnection("localhost", ports["port"], context=unchecked, timeout=10)
        assert made.ask(pool())[1]["allowed"]
        made.connection.close()


def test_a_folder_that_cannot_be_read_ends_it_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "headgate", "webhook", f"--snapshot={tmp_path / 'gone'}", "--port=0"]
    done = subprocess.run(
        [*command, "--metrics-port=0"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "there is no such file or folder" in done.stderr


def test_the_process_loads_neither_kopf_nor_redis_nor_the_kubernetes_models() -> None:
    heavy = ("kopf", "redis", "kubernetes", "yaml")
    program = f"import sys, webhooks.server; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
