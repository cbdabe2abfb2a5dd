"""What a cluster has made outside its state folder."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import machine


def remove(state: Path) -> None:
    """Take away what the cluster in this folder holds of the machine: nothing, unless it is the node."""
    if machine.holder() == state:
        machine.release()
