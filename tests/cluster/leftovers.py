"""What a cluster leaves outside its own processes: nothing yet."""

from __future__ import annotations

from pathlib import Path


def remove(state: Path) -> None:
    """Take away what the cluster in this folder made elsewhere."""
