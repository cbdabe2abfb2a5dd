"""A Prometheus of one's own, on a free port, that scrapes what it is told to every second. Needs no root."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import binaries, debian
from tests.cluster.ports import free_port
from tests.cluster.state import State

_ADDRESS = "127.0.0.1"


@contextmanager
def running(state: State, target: str) -> Iterator[str]:
    """Its URL, for the length of the block. `target` is the `host:port` whose /metrics it reads."""
    port = free_port(_ADDRESS)
    name, folder = f"prometheus-{port}", state.path / f"prometheus-{port}"
    folder.mkdir()
    scrape = {"job_name": "test", "static_configs": [{"targets": [target]}]}
    # JSON is YAML, which is what it reads.
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    state.start(
        name,
        [
            binaries.installed("prometheus", debian.PROMETHEUS),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={_ADDRESS}:{port}",
            "--log.level=warn",
        ],
    )
    try:
        state.wait(f"Prometheus on {_ADDRESS}:{port}", [name], lambda: _refuses(port), 20)
        yield f"http://{_ADDRESS}:{port}"
    finally:
        state.stop(name)


def _refuses(port: int) -> str | None:
    """What keeps it from being ready; None when it is."""
    try:
        with socket.create_connection((_ADDRESS, port), timeout=0.5) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
            answer = connection.recv(100)
    except OSError as error:
        return str(error)
    return None if b" 200 " in answer else repr(answer)
