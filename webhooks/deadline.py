"""How long a review may take: the API server says in `?timeout=5s` how long it will wait."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

DEFAULT_SECONDS: Final = 10.0
"""What `timeoutSeconds` of a webhook is when nobody sets it."""

LONGEST_SECONDS: Final = 30.0
SHARE: Final = 0.9
"""The part of the caller's time that is used; the rest brings the answer home."""

_TIMEOUT: Final = re.compile(rb"(?:^|&)timeout=([0-9]{1,6}(?:\.[0-9]{1,9})?)(ms|s|m)(?:&|$)")
_UNITS: Final = {b"ms": 0.001, b"s": 1.0, b"m": 60.0}


@lru_cache(maxsize=64)
def allotted(query: bytes) -> float:
    """Seconds to answer in. A query without a time-out, or with a strange one, gets the default."""
    found = _TIMEOUT.search(query)
    seconds = float(found[1]) * _UNITS[found[2]] if found else DEFAULT_SECONDS
    return min(seconds or DEFAULT_SECONDS, LONGEST_SECONDS) * SHARE
