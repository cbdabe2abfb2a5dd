"""One object for the same value in all that is held: one string for a word, one dictionary for equal parts.

A parser makes every name, list and dictionary anew. But most of what is stored says the same of every pool: the values
in force, the messages of conditions, volumes, tolerations, the variables that a pod has from its template. Nobody
changes in place what is held, so equal parts may be one.

What was seen lately is remembered, and no more than that: where there are more different parts than have room, all is
forgotten, and the common ones are soon known again.
"""

from __future__ import annotations

from collections.abc import Hashable
from sys import intern
from typing import Any, Final

LONGEST: Final = 256
"""Characters of a text that is looked for: a name, a uid, a message. Longer ones seldom are the same."""
WORD: Final = 64
"""Characters of what is held once for as long as anybody holds it: names of fields, uids, quantities."""
MOST: Final = 8192
"""Different parts that are remembered: those of some 1,000 objects. Their keys take little more than 1 MiB."""


class Sharing:
    """What was seen lately, by its value. A key has its parts by identity, and is good while its entry holds them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[Hashable, Any] = {}

    def share(self, value: Any) -> Any:
        """What equals the value, in the same order and types. What was given is not to be used any more."""
        if len(self._known) > self._most:
            self._known.clear()
        return self._shared(value)

    def share_parts(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The same dictionary, with all that is in it shared."""
        items = [(intern(field), self.share(item)) for field, item in obj.items()]
        obj.clear()
        obj.update(items)
        return obj

    def _shared(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is dict:
            made = {intern(field): self._shared(item) for field, item in value.items()}
            return self._known.setdefault((*made, *map(id, made.values())), made)
        if kind is list:
            parts = [self._shared(item) for item in value]
            return self._known.setdefault((list, *map(id, parts)), parts)
        if value is None or kind is bool:
            return value
        # An integer equals the float of its value, and minus zero equals zero.
        return self._known.setdefault((kind, repr(value)), value)

    def _text(self, text: str) -> str:
        if len(text) <= WORD:
            return intern(text)
        if len(text) <= LONGEST:
            known: str = self._known.setdefault(text, text)
            return known
        return text
