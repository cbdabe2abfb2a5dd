"""One string for the same word in all objects that are held.

A parser makes the names of fields anew with every object, and a pool's uid stands in each of its children: of what is
held that is nearly half.
"""

from __future__ import annotations

from sys import intern
from typing import Any, Final

LONGEST: Final = 64
"""Characters of what is looked for: a name, a uid or a quantity. Longer texts seldom are the same."""


def share(value: Any) -> Any:
    """The same value, in place, with other strings that are equal."""
    if type(value) is dict:
        items = [*value.items()]
        value.clear()
        value.update((intern(field), share(item)) for field, item in items)
    elif type(value) is list:
        value[:] = map(share, value)
    elif type(value) is str and len(value) <= LONGEST:
        return intern(value)
    return value
