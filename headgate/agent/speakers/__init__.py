"""How each library is spoken to: what its processes do, and how to have them take nothing new or go on."""

from __future__ import annotations

from typing import Protocol

from headgate.agent.plan import Look


class Speaker(Protocol):
    """Raises `redis.RedisError` or OSError where the broker or the worker cannot be asked: then nothing is known."""

    def look(self, *, asked: bool) -> Look:
        """The processes of this pod now. One that is not asked to drain may be looked at less closely."""
        ...

    def quiet(self) -> None: ...

    def wake(self) -> None:
        """Undo `quiet`. Called until the processes are no longer quiet."""
        ...

    def close(self) -> None:
        """Leave nothing at the broker."""
        ...
