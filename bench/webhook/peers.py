"""Builds the Go peers from their pinned modules into the cache."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

PEERS: Final = Path(__file__).parents[1] / "peers"


def build(name: str) -> Path:
    """Build `bench/peers/<name>` if need be and return the binary; Go's own cache makes a second build a check."""
    cache = Path(os.environ.get("HEADGATE_CACHE", Path.home() / ".cache" / "headgate")) / "bench"
    cache.mkdir(parents=True, exist_ok=True)
    binary = cache / name
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
    print(f"building {name} ...", flush=True)
    subprocess.run(["go", "build", "-trimpath", "-o", str(binary), "."], cwd=PEERS / name, env=environment, check=True)
    return binary
