"""When a job was enqueued, from the job itself.

Libraries disagree on the field's name and its unit; what cannot be understood, or lies outside any job's life, is
unknown rather than wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Final

import orjson

FIELDS: Final = (
    "enqueuedAt",
    "enqueued_at",
    "creation_time",
    "creationTime",
    "createdAt",
    "created_at",
    "published_at",
    "message_timestamp",
    "timestamp",
)
PLACES: Final = ("", "headers", "properties", "meta")
"""The objects inside a job in which a time is looked for; the job itself first."""
OLDEST_SECONDS: Final = 10 * 365 * 86_400.0
AHEAD_SECONDS: Final = 300.0
_UNITS: Final = (1.0, 1e3, 1e6, 1e9)


def enqueued_at(job: bytes, now: float) -> float | None:
    """Seconds since the epoch, or None. `now` is the broker's time, by which a value is judged."""
    try:
        fields = orjson.loads(job)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict):
        return None
    for place in PLACES:
        inside = fields.get(place) if place else fields
        if isinstance(inside, dict) and (found := _first(inside, now)) is not None:
            return found
    return None


def plausible(seconds: float, now: float) -> bool:
    return isfinite(seconds) and now - OLDEST_SECONDS <= seconds <= now + AHEAD_SECONDS


def _first(fields: Mapping[str, object], now: float) -> float | None:
    for name in FIELDS:
        if (found := _seconds(fields.get(name), now)) is not None:
            return found
    return None


def _seconds(value: object, now: float) -> float | None:
    if isinstance(value, str):
        return of_text(value, now)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return next((value / unit for unit in _UNITS if plausible(value / unit, now)), None)


def of_text(text: str, now: float) -> float | None:
    """An enqueue time written as ISO 8601, if it is plausible."""
    seconds = moment(text)
    return seconds if seconds is not None and plausible(seconds, now) else None


def moment(text: str) -> float | None:
    """Any time written as ISO 8601, in seconds since the epoch; UTC where it does not say."""
    try:
        found = datetime.fromisoformat(text[:64])
    except ValueError:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
