"""Moments as people write them into objects, in RFC 3339, and how exemptions speak of them and of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

ALL_RULES: Final = "*"
WARNED_BEFORE: Final = timedelta(days=14)
"""How long before its end an exemption is warned about at every write that needs it."""


def moment(written: str) -> datetime | None:
    """The moment, or None for what is none."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
