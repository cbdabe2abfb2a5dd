"""A webhook process in front of a real API server, registered as the chart registers it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from certs.authority import issue_leaf, new_authority, service_names
from crds import meta
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.webhooks.kubectl import apply, kubectl

ROOT = Path(__file__).parents[2]
LABEL = "headgate-tests"
"""Namespaces with this label, its value the install's name, are the ones whose objects are sent to that install."""


@dataclass(frozen=True, slots=True)
class Install:
    """A running webhook: `port` for reviews, `metrics_port` for probes and metrics."""

    name: str
    cluster: Cluster
    process: subprocess.Popen[str]
    port: int
    metrics_port: int
    authority: bytes
    log: Path

    def probe(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=5) as response:
            return str(response.read().decode())


@contextlib.contextmanager
def installed(cluster: Cluster, name: str, folder: Path) -> Iterator[Install]:
    """Starts a webhook of cluster scope, registers it for namespaces labelled with `name`, and takes it all away."""
    authority = certificates(folder, "localhost", *service_names("headgate-webhook", name))
    configured = False
    with running(
        folder, f"--kubeconfig={cluster.kubeconfig}", "--scope=cluster", f"--namespace={name}", f"--cert-dir={folder}"
    ) as (process, ports, log):
        install = Install(name, cluster, process, ports["port"], ports["metrics_port"], authority, log)
        try:
            configured = True
            done = apply(cluster, *configurations(install))
            assert done.code == 0, done.err
            until("the webhook is ready", lambda: _not_ready(install), 60)
            yield install
        finally:
            if configured:
                for kind in ("mutatingwebhookconfiguration", "validatingwebhookconfiguration"):
                    kubectl(cluster, "delete", kind, f"headgate-{name}", "--ignore-not-found")


@contextlib.contextmanager
def running(
    folder: Path, *flags: str, server: str = "webhook"
) -> Iterator[tuple[subprocess.Popen[str], dict[str, int], Path]]:
    """`headgate webhook`, or another server, on free loopback ports, which its log tells; it ends with the block."""
    log = folder / f"{server}.log"
    command = [sys.executable, "-m", "headgate", server, "--host=127.0.0.1", "--port=0", "--metrics-port=0"]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*command, "--linger-seconds=0.5", *flags],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=stderr,
            text=True,
        )
    try:
        ports: dict[str, int] = {}

        def listening() -> str | None:
            ports.update(_ports(log))
            return None if ports or process.poll() is not None else log.read_text()

        until(f"the {server} listens", listening, 60)
        assert ports, log.read_text()
        yield process, ports, log
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def certificates(folder: Path, *dns_names: str) -> bytes:
    """Writes tls.crt and tls.key for these names; returns the authority that signed them."""
    now = datetime.now(UTC)
    authority = new_authority(now, timedelta(days=1))
    leaf = issue_leaf(authority, dns_names, now, timedelta(days=1))
    (folder / "tls.crt").write_bytes(leaf.certificate)
    (folder / "tls.key").write_bytes(leaf.key)
    return authority.certificate


def configurations(install: Install) -> Iterator[Mapping[str, Any]]:
    objects = ["queues", "workerpools", "policies"]
    live = [{"name": "not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"}]
    default = _entry(install, "default.work.headgate.dev", "/default", ["CREATE", "UPDATE"], objects)
    default |= {"reinvocationPolicy": "IfNeeded", "timeoutSeconds": 3, "matchConditions": live}
    validate = _entry(install, "validate.work.headgate.dev", "/validate", ["CREATE", "UPDATE"], objects)
    validate |= {"timeoutSeconds": 5, "matchConditions": live}
    scale = _entry(install, "scale.work.headgate.dev", "/validate", ["UPDATE"], ["workerpools/scale"])
    scaling = _entry(install, "scale-default.work.headgate.dev", "/default", ["UPDATE"], ["workerpools/scale"])
    delete = _entry(install, "delete.work.headgate.dev", "/validate", ["DELETE"], ["queues", "workerpools"])
    leaving = [{"name": "not-being-deleted", "expression": "!has(oldObject.metadata.deletionTimestamp)"}]
    delete |= {"failurePolicy": "Ignore", "timeoutSeconds": 2, "matchConditions": leaving}
    yield _configuration("MutatingWebhookConfiguration", install.name, default, scaling)
    yield _configuration("ValidatingWebhookConfiguration", install.name, validate, scale, delete)


def _configuration(kind: str, name: str, *entries: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": f"headgate-{name}"},
        "webhooks": list(entries),
    }


def _entry(install: Install, name: str, path: str, operations: list[str], resources: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "clientConfig": {
            "url": f"https://localhost:{install.port}{path}",
            "caBundle": base64.b64encode(install.authority).decode(),
        },
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "namespaceSelector": {"matchLabels": {LABEL: install.name}},
        "rules": [{"apiGroups": [meta.GROUP], "apiVersions": ["v1"], "operations": operations, "resources": resources}],
    }


def _ports(log: Path) -> dict[str, int]:
    for line in log.read_text().splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("message") == "listening":
            return {"port": entry["port"], "metrics_port": entry["metrics_port"]}
    return {}


def _not_ready(install: Install) -> str | None:
    try:
        install.probe("/readyz")
    except OSError as error:
        return f"{error}: {install.log.read_text()[-2000:]}"
    return None
