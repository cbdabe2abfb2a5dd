"""Memory that is held and not needed any more: what glibc keeps of what was freed, and code that only ran to start."""

from __future__ import annotations

import ctypes
import gc
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_MAPPINGS: Final = Path("/proc/self/smaps")


def settle() -> None:
    """Call once, when all that stays has been loaded.

    What was needed to load it goes back to the system (10 MiB after compiling rules in CEL), and so do the pages of
    libraries. The collector does not look at what stays any more.
    """
    gc.collect()
    libc = ctypes.CDLL(None)
    trim = getattr(libc, "malloc_trim", None)
    if trim is not None:
        trim(0)
    _release_pages(libc)
    gc.freeze()


def _release_pages(libc: Any) -> None:
    """Take the pages of files that nobody has written to out of our memory; those that are needed come back from the
    system's cache when they are. Of the 14 MB of the engine behind rules in CEL, most has run once.
    """
    advise, no_longer = getattr(libc, "madvise", None), getattr(mmap, "MADV_DONTNEED", None)
    if advise is None or no_longer is None:
        return
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for begin, end in _clean(_MAPPINGS.read_text() if _MAPPINGS.exists() else ""):
        advise(begin, end - begin, no_longer)


def _clean(mappings: str) -> Iterator[tuple[int, int]]:
    """The address ranges of files that cannot be written to, and no page of which is ours alone: a relocated or
    otherwise changed one is nowhere else, and must stay.
    """
    begin = end = 0
    candidate = False
    for line in mappings.splitlines():
        key, *words = line.split()
        if not key.endswith(":"):
            begin, end = (int(address, 16) for address in key.split("-"))
            candidate = "w" not in words[0] and words[0][3] == "p" and len(words) > 4 and words[4].startswith("/")
        elif key == "Anonymous:" and candidate and words[0] == "0":
            yield begin, end
