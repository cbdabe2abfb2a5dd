"""Memory that is free and still held: glibc keeps what was freed, in case it is wanted again."""

from __future__ import annotations

import ctypes
import gc


def settle() -> None:
    """Call once, when all that stays has been loaded.

    What was needed to load it goes back to the system (10 MiB after compiling rules in CEL), and the collector does not
    look at what stays any more.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    gc.freeze()
