"""The processes of this machine, on which the pods of the one node run too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def processes() -> Iterator[tuple[int, list[bytes]]]:
    """Every process with the words of its command; one that ends meanwhile has none."""
    for folder in PROC.glob("[0-9]*"):
        yield int(folder.name), read(int(folder.name), "cmdline").split(b"\0")


def read(pid: int, name: str) -> bytes:
    """A file of the process's own folder; empty where it has gone."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / name).read_bytes()
    return b""
