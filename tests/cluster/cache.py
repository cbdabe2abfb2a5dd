"""Where everything that is built or started lives: one folder outside the repository.

The folder may be empty at any time and may be shared by several processes. What is in it was put there whole, by a
rename, so whatever exists is complete.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


def root() -> Path:
    """The cache folder: `HEADGATE_CACHE`, or `~/.cache/headgate`."""
    given = os.environ.get("HEADGATE_CACHE")
    folder = Path(given).expanduser() if given else Path.home() / ".cache" / "headgate"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@contextlib.contextmanager
def locked(path: Path, waiting: str = "") -> Iterator[None]:
    """Hold `path` as a lock against other processes, saying `waiting` if one has it. The kernel frees it if we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def appearing(final: Path) -> Iterator[Path]:
    """A folder to fill beside `final`, which takes that name when the block ends and vanishes when it fails."""
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    partial.chmod(0o755)
    try:
        yield partial
        if final.exists():
            shutil.rmtree(final)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write(path: Path, content: str | bytes, mode: int = 0o644) -> Path:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    partial.chmod(mode)
    partial.rename(path)
    return path
