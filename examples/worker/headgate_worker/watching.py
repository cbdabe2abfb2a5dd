"""Looks at the files Headgate puts into the pod. They are looked at rather than watched: the kubelet replaces
them by turning a symlink of a folder above, which an inotify watch on the file misses, and one read of a small
file costs 20 µs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .latch import Latch

log = logging.getLogger("headgate.worker")

DRAIN_POLL_SECONDS: Final = 0.05
CONFIG_POLL_SECONDS: Final = 0.5
MAX_REQUEST_BYTES: Final = 4096
MAX_CONFIG_BYTES: Final = 4 * 1024 * 1024
ASKER: Final = "file"


def read(path: Path, limit: int) -> str | None:
    """The file's text, '' when there is no file, None when it can't be read now."""
    try:
        with path.open("rb") as file:
            return file.read(limit).decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError:
        return None


async def follow_drain_request(path: Path, latch: Latch) -> None:
    """Keeps the latch closed while the file has content. An unreadable file changes nothing."""
    before: str | None = ""
    while True:
        text = read(path, MAX_REQUEST_BYTES)
        if text is not None and text != before:
            before, request = text, text.strip()
            log.info("drain request: %.200r", request)
            if request:
                latch.request(ASKER, request)
            else:
                latch.withdraw(ASKER)
        await asyncio.sleep(DRAIN_POLL_SECONDS)


async def follow_config(path: Path, follow: Callable[[str], bool]) -> None:
    """Passes the file's text on when it changed, and again while `follow` says that it could not be followed yet."""
    before = ""
    while True:
        text = read(path, MAX_CONFIG_BYTES)
        if text and text != before and follow(text):
            before = text
        await asyncio.sleep(CONFIG_POLL_SECONDS)
