"""How commands are sent, and questions that are asked again and again.

A queue at rest answers today what it answered a second ago. So a standing question keeps how it is sent and, as it
came, what was answered last: where the same bytes come again they are not taken apart again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeAlias

Command: TypeAlias = tuple[str | bytes | int | float, ...]
KEPT_BYTES: Final = 16 * 1024
"""Longer answers are taken apart every time: they would cost more to keep."""
_KEPT_COMMANDS: Final = 32_768
"""Packed commands that are kept: queues are asked the same every second."""


class Standing(tuple[Command, ...]):
    """Some commands, of which no other question of the same trip has any."""

    packed: bytes
    raw: bytes
    """The last answers as they came; empty for none that are kept."""
    answers: list[Any]
    """The same taken apart; nobody may change them."""

    def __new__(cls, *commands: Command) -> Standing:
        made = super().__new__(cls, commands)
        made.packed = b"".join(map(packed, commands))
        made.raw = b""
        made.answers = []
        return made

    def answered(self, raw: bytes, answers: list[Any]) -> None:
        self.raw, self.answers = (raw, answers) if len(raw) <= KEPT_BYTES else (b"", [])


@lru_cache(maxsize=_KEPT_COMMANDS)
def packed(command: Command) -> bytes:
    """A command as it is sent."""
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    return b"*%d\r\n%s" % (len(parts), b"".join([b"$%d\r\n%s\r\n" % (len(part), part) for part in parts]))
