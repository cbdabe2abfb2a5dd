"""The keys of a Queue's `connectionSecretRef`, one file each.

They are read again at every connection, so a rotated password needs no restart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 64 * 1024


class Credentials:
    """A folder of credential files; an empty path is a folder without any."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else None

    def text(self, *names: str) -> str:
        """The stripped content of the first file there is under these names, or ''."""
        for name in names:
            path = self.path(name)
            if path:
                return Path(path).read_bytes()[:MAX_BYTES].decode(errors="replace").strip()
        return ""

    def path(self, name: str) -> str | None:
        """The path of a file, for what only takes paths, or None."""
        if self._folder is None or not (self._folder / name).is_file():
            return None
        return str(self._folder / name)
