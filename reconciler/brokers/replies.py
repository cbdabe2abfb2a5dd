"""RESP 2, taken apart as it arrives, with bounds on what an answer may cost.

Thousands of short answers come in one piece, so nothing here waits: whoever reads from the connection feeds it. Longer
values are read past and dropped, so one huge job does not make its queue unreadable, and an answer of too many parts
ends the connection. An array that is half there is kept half done, never begun anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from redis.exceptions import InvalidResponse

VALUE_BYTES: Final = 256 * 1024
"""A single value longer than this is dropped: it reads as empty."""
ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Values after so many bytes of answers to one question are dropped as well."""
TOGETHER_BYTES: Final = 32 * 1024 * 1024
"""And after so many bytes of answers to questions that are asked together."""
ANSWER_PARTS: Final = 100_000
LINE_BYTES: Final = 64 * 1024
DEPTH: Final = 32
MORE: Final = object()
"""In place of a reply that is not all there yet."""
_END: Final = b"\r\n"
_STATUS, _ERROR, _NUMBER, _VALUE, _ARRAY = b"+-:$*"


class Replies:
    """The replies of one connection; `failure` makes an exception of an error reply's text."""

    def __init__(self, failure: Callable[[str], Exception]) -> None:
        self._failure = failure
        self._buffer = b""
        self._at = 0
        self._began = 0
        self._whole = False
        self._drop = 0
        self._arrays: list[tuple[list[Any], int]] = []
        self._together_left = TOGETHER_BYTES
        self.begin()

    def begin_together(self) -> None:
        """Starts counting anew what the answers to several questions cost."""
        self._together_left = TOGETHER_BYTES

    def begin(self) -> None:
        """Starts counting anew what the answers to one question cost."""
        self._bytes_left = ANSWER_BYTES
        self._parts_left = ANSWER_PARTS
        self._began = self._at
        self._whole = True

    @property
    def raw(self) -> bytes:
        """What has been taken since `begin`, as it came; empty where that is not all here, or something was dropped."""
        return self._buffer[self._began : self._at] if self._whole else b""

    def again(self, raw: bytes) -> bool:
        """Reads past these bytes where they come next, all of them."""
        if not self._buffer.startswith(raw, self._at) or len(raw) > self._together_left:
            return False
        self._at += len(raw)
        self._together_left -= len(raw)
        return True

    @property
    def pending(self) -> bool:
        """Whether something has arrived that was not taken."""
        return bool(self._arrays or self._drop) or self._at < len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._whole = self._whole and self._at == self._began
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = self._began = 0

    def take(self) -> Any:
        """The next reply, or MORE. An error reply is an exception, given and not raised."""
        while (part := self._part()) is not MORE:
            if part is _OPENED:
                continue
            while self._arrays:
                items, left = self._arrays[-1]
                items.append(part)
                if left > 1:
                    self._arrays[-1] = (items, left - 1)
                    break
                self._arrays.pop()
                part = items
            else:
                return part
        return MORE

    def _part(self) -> Any:
        if self._drop:
            return self._dropped()
        buffer, at = self._buffer, self._at
        end = buffer.find(_END, at)
        if end < 0:
            if len(buffer) - at > LINE_BYTES:
                raise InvalidResponse("a line of the answer does not end")
            return MORE
        kind = buffer[at] if end > at else 0
        if kind == _VALUE:
            return self._value(int(buffer[at + 1 : end]), end + 2)
        self._count()
        self._at = end + 2
        if kind == _NUMBER:
            return int(buffer[at + 1 : end])
        if kind == _ARRAY:
            return self._array(int(buffer[at + 1 : end]))
        if kind == _STATUS:
            return buffer[at + 1 : end]
        if kind == _ERROR:
            return self._failure(buffer[at + 1 : end].decode(errors="replace"))
        raise InvalidResponse(f"Protocol Error: {buffer[at : min(end, at + 100)]!r}")

    def _value(self, length: int, begins: int) -> Any:
        if length < 0:
            self._count()
            self._at = begins
            return None
        if length > min(VALUE_BYTES, self._bytes_left, self._together_left):
            self._count()
            self._at, self._drop, self._whole = begins, length + len(_END), False
            return self._dropped()
        ends = begins + length
        if len(self._buffer) < ends + len(_END):
            return MORE
        self._count()
        self._bytes_left -= length
        self._together_left -= length
        self._at = ends + len(_END)
        return self._buffer[begins:ends]

    def _array(self, length: int) -> Any:
        if length <= 0:
            return [] if length == 0 else None
        if len(self._arrays) >= DEPTH:
            raise InvalidResponse(f"the answer has lists in more than {DEPTH} lists")
        self._arrays.append(([], length))
        return _OPENED

    def _dropped(self) -> Any:
        """Reads past a value and its end of line; what is left of it comes later."""
        there = min(self._drop, len(self._buffer) - self._at)
        self._at += there
        self._drop -= there
        return MORE if self._drop else b""

    def _count(self) -> None:
        self._parts_left -= 1
        if self._parts_left < 0:
            raise InvalidResponse(f"the answer has more than {ANSWER_PARTS} parts")


_OPENED: Final = object()
