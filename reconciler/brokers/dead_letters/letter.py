"""What a dead letter says, and the job it is when it is brought back (docs/worker-contract.md, section 5). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

MARKS: Final = ("attempts", "recovered", "error", "diedIn")
"""What workers added to the job on its way here."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`body` is None for what is no JSON object."""

    raw: bytes
    body: Mapping[str, Any] | None

    @classmethod
    def of(cls, raw: bytes) -> Letter:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            body = None
        return cls(raw, body if isinstance(body, dict) else None)

    @property
    def is_job(self) -> bool:
        """Whether it can be tried again; bytes that were no job at first are none now."""
        return self.body is not None and self.body.get("id") is not None

    @property
    def died_in(self) -> str:
        return str((self.body or {}).get("diedIn", ""))

    @property
    def priority(self) -> str:
        return str((self.body or {}).get("priority", ""))

    def of_queue(self, queue: str) -> bool:
        """Several queues may share a place for their dead letters; one that does not say is everybody's."""
        return self.died_in in ("", queue)

    def revived(self, now: float) -> bytes:
        """The job as if it had just been enqueued: without marks, so that it has all of its tries again."""
        kept = {name: value for name, value in (self.body or {}).items() if name not in MARKS}
        return orjson.dumps({**kept, "enqueuedAt": now})
