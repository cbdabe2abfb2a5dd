"""The Lua scripts as the broker gets them: shared part, layout, then one operation.

`allow-oom` is on all of them because a broker full of jobs must still be worked off: each script frees at least
about as much as it takes. The flag needs Redis 7.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .config import Layout


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    text: str
    sha: str


@cache
def script(layout: Layout, operation: str) -> Script:
    """The script of one operation (`take`, `settle`, `record`, `leave`, `entries`, `stale`, `recover`)."""
    parts = (_read("shared"), _read(layout.lower()), _read(operation))
    text = "#!lua flags=allow-oom\n" + "\n".join(parts)
    return Script(f"{layout.lower()}/{operation}", text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def _read(name: str) -> str:
    return (files(__package__) / "lua" / f"{name}.lua").read_text(encoding="utf-8")
