"""Waiting on conditions, with a deadline and an error that shows what was last seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_POLL_SECONDS: Final = 0.05


def until(what: str, probe: Callable[[], str | None], seconds: float) -> None:
    """Wait until `probe` returns None; until then it returns what it saw instead, for the error."""
    deadline = time.monotonic() + seconds
    while (seen := probe()) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s; last seen: {seen}")
        time.sleep(_POLL_SECONDS)
