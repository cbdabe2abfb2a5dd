"""Gatekeeper outside a cluster: its webhooks on our certificate, without audit, events and native policies."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.webhook.beside import engine, rules
from bench.webhook.beside.engine import Engine
from bench.webhook.servers import Server, free_port, pinned
from tests.cluster import builder, waiting
from tests.cluster.cluster import Cluster
from tests.kinds import until_established

TOOL: Final = engine.tool("gatekeeper", "github.com/open-policy-agent/gatekeeper/v3", "")
_CRDS: Final = "charts/gatekeeper/crds"
_NAMESPACE: Final = "gatekeeper-system"
_OPERATIONS: Final = ("webhook", "mutation-webhook", "status", "generate")


def build() -> None:
    builder.ensure(TOOL, "gatekeeper")
    builder.ensure_folder(TOOL, _CRDS)


@contextlib.contextmanager
def running(cluster: Cluster, certs: Path) -> Iterator[list[Engine]]:
    """`certs` has a certificate for localhost with its key and authority."""
    definitions = str(builder.ensure_folder(TOOL, _CRDS))
    cluster.kubectl("apply", "--server-side", "-f", definitions)
    until_established(cluster, "-f", definitions)
    cluster.kubectl("create", "namespace", _NAMESPACE)
    template, constraint = map(json.dumps, rules.gatekeeper())
    for content in (template, *map(json.dumps, rules.gatekeeper_labels())):
        cluster.kubectl("apply", "-f", "-", stdin=content)
    port, log, started = free_port(), certs / "gatekeeper.log", time.monotonic()
    with pinned(_command(cluster, certs, port), log) as process:

        def refused() -> str | None:
            # The kind exists once Gatekeeper has read the template.
            engine.must_run(process, log)
            try:
                cluster.kubectl("apply", "-f", "-", stdin=constraint)
            except RuntimeError as error:
                return f"{error}\n{engine.tail(log)}"
            return None

        waiting.until("Gatekeeper takes a constraint", refused, engine.PATIENCE_SECONDS)
        server = Server("gatekeeper", process.pid, port, time.monotonic() - started)
        judging = Engine(server, certs / "ca.crt", "localhost", ("/v1/admit",))
        both = engine.with_labels(judging, "/v1/mutate")
        for one in (judging, both):
            engine.until_enforced(one, process, log)
        yield [judging, both]


def _command(cluster: Cluster, certs: Path, port: int) -> list[str]:
    return [
        str(builder.ensure(TOOL, "gatekeeper")),
        f"--kubeconfig={cluster.kubeconfig}",
        "--debug-use-fake-pod",
        *(f"--operation={operation}" for operation in _OPERATIONS),
        "--disable-cert-rotation",
        f"--cert-dir={certs}",
        "--host=127.0.0.1",
        f"--port={port}",
        f"--health-addr=127.0.0.1:{free_port()}",
        f"--prometheus-port={free_port()}",
        "--enable-external-data=false",
        "--enable-generator-resource-expansion=false",
        "--default-create-vap-for-templates=false",
        "--default-create-vap-binding-for-constraints=false",
        "--log-level=WARNING",
        "--shutdown-delay=0",
    ]
