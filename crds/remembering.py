"""Remembers the answers to questions about texts that users write.

`lru_cache` alone bounds how many texts are kept and not how long they are: a thousand of a megabyte each would be asked
once and kept for good.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

LONGEST: Final = 256
"""Characters of a text that is kept. A longer one is a mistake or an attack, and may be looked at anew."""

T = TypeVar("T")


def remembered(texts: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """A pure function of a text, asked anew only about those that are long or were not asked about lately."""

    def remembering(function: Callable[[str], T]) -> Callable[[str], T]:
        known = lru_cache(maxsize=texts)(function)

        @wraps(function)
        def asked(text: str) -> T:
            return known(text) if len(text) <= LONGEST else function(text)

        return asked

    return remembering
