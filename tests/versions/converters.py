"""A running converter: how an API server is told to call it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.cluster.waiting import until
from tests.webhooks.install import certificates, running


@dataclass(frozen=True, slots=True)
class Converter:
    pid: int
    port: int
    metrics_port: int
    authority: bytes

    @property
    def client(self) -> dict[str, Any]:
        """The `clientConfig` of a CRD."""
        bundle = base64.b64encode(self.authority).decode()
        return {"url": f"https://localhost:{self.port}/convert", "caBundle": bundle}

    def tell(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=5) as response:
            return str(response.read().decode())


@contextmanager
def running_converter(folder: Path) -> Iterator[Converter]:
    """A converter that is ready, for the length of the block."""
    authority = certificates(folder, "localhost")
    with running(folder, f"--cert-dir={folder}", server="converter") as (process, ports, _):
        converter = Converter(process.pid, ports["port"], ports["metrics_port"], authority)
        until("the converter is ready", lambda: _not_ready(converter), 20)
        yield converter


def _not_ready(converter: Converter) -> str | None:
    try:
        converter.tell("/readyz")
    except OSError as error:
        return str(error)
    return None
