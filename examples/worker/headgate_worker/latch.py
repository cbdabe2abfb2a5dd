"""The drain latch: who asked this worker to stop taking jobs, and since when. Holds no clock and does no I/O.

While any request stands the latch is closed. `epoch` counts closings: a proof of idleness belongs to the closing it was
made in, so a request that was withdrawn and made again has to be proved again.
"""

from __future__ import annotations

from collections.abc import Callable


class Latch:
    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._requests: dict[str, str] = {}
        self.epoch = 0

    @property
    def closed(self) -> bool:
        return bool(self._requests)

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(f"{asker}: {reason}" for asker, reason in sorted(self._requests.items()))

    def request(self, asker: str, reason: str) -> None:
        """Closes the latch on behalf of one asker; asking again changes nothing but the reason."""
        opened_before = not self._requests
        self._requests[asker] = reason
        if opened_before:
            self.epoch += 1
            self._changed()

    def withdraw(self, asker: str) -> None:
        """Takes back this asker's request only; the latch opens when nobody's is left."""
        if self._requests.pop(asker, None) is not None and not self._requests:
            self._changed()
