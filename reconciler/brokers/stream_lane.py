"""One stream of a queue, and where its consumer group is in it. Pure.

The group's `lag` is what waits. Redis before 7 has none, and a newer one loses count after some deletions; then the
entries behind the group's last one are counted, and beyond a hundred of them estimated from the entries' ids, which
are times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.brokers.observation import UNKNOWN_COUNT, Signal, estimated, exact
from reconciler.brokers.redis_queue import NO_SUCH_KEY, Answers

COUNTED: Final = 101
"""So many entries behind the group's last one are counted where the broker does not know its lag."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One stream, and its group's place in it. Without a group everything in it waits for one."""

    key: str
    length: int
    grouped: bool = False
    pending: int = 0
    last_delivered: str = "0-0"
    lag: int | None = None
    read: int | None = None

    @property
    def may_wait(self) -> bool:
        return self.length > 0 and self.lag != 0

    @property
    def uncounted(self) -> bool:
        return self.grouped and self.length > 0 and self.lag is None


def read(answers: Answers, key: str, group: str) -> Lane:
    length = answers.required(f"length {key}")
    groups = answers[f"groups {key}"]
    if groups is None and NO_SUCH_KEY not in answers.refusal(f"groups {key}"):
        answers.required(f"groups {key}")
    found = next((facts for facts in map(_facts, groups or ()) if facts.get("name") == group.encode()), None)
    if found is None:
        return Lane(key, length)
    return Lane(
        key,
        length,
        grouped=True,
        pending=_int(found.get("pending")) or 0,
        last_delivered=_text(found.get("last-delivered-id")) or "0-0",
        lag=_int(found.get("lag")),
        read=_int(found.get("entries-read")),
    )


def waiting(lane: Lane, second: Answers) -> Signal[int]:
    if not lane.grouped:
        return exact(0) if lane.length == 0 else estimated(lane.length)
    if lane.lag is not None or lane.length == 0:
        return exact(lane.lag or 0)
    if second.refusal(f"next {lane.key}"):
        return UNKNOWN_COUNT
    counted = len(second[f"next {lane.key}"] or ())
    if counted < COUNTED:
        return exact(counted)
    return estimated(max(counted, min(lane.length, _interpolated(lane, _facts(second[f"stream {lane.key}"])))))


def kept(lanes: Iterable[Lane], second: Answers) -> dict[str, int]:
    """The pending entries of each consumer, by its name, where they were asked for."""
    found: Counter[str] = Counter()
    for lane in lanes:
        for facts in map(_facts, second[f"consumers {lane.key}"] or ()):
            found[_text(facts.get("name"))] += _int(facts.get("pending")) or 0
    return dict(found)


def _interpolated(lane: Lane, stream: Mapping[str, Any]) -> int:
    """The part of the stream behind the group's last entry, if entries came evenly; all of it when ids do not tell."""
    first, last = (
        milliseconds((stream.get("first-entry") or (b"",))[0]),
        milliseconds(stream.get("last-generated-id")),
    )
    delivered = milliseconds(lane.last_delivered.encode())
    if first is None or last is None or delivered is None or last <= first:
        return lane.length
    return round(lane.length * (last - max(delivered, first)) / (last - first))


def after(entry: str) -> str:
    """The smallest id behind `entry`; Redis before 6.2 has no open ranges."""
    milliseconds, _, sequence = entry.partition("-")
    return f"{milliseconds}-{int(sequence or 0) + 1}"


def _facts(flat: object) -> dict[str, Any]:
    """XINFO's list of names and values as a mapping."""
    if not isinstance(flat, list) or len(flat) % 2:
        return {}
    return {_text(name): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def milliseconds(entry: object) -> int | None:
    head = _text(entry).partition("-")[0]
    return int(head) if head.isascii() and head.isdigit() else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
