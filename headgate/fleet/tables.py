"""Pools and queues as tables of at most 80 columns where names allow it. Pure: the present is an argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

Object = Mapping[str, Any]

UNKNOWN: Final = "?"
_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def pools(objects: Sequence[Object], now: datetime, *, namespaces: bool) -> list[str]:
    """As `kubectl get wp` shows them."""
    head = ("NAME", "WANT", "READY", "BUSY", "WHY", "AGE")
    return _table(head, [(obj, _pool(obj, now)) for obj in objects], namespaces=namespaces)


def queues(objects: Sequence[Object], now: datetime, *, namespaces: bool) -> list[str]:
    """As `kubectl get hq` shows them; what is unknown is `?` and never 0."""
    head = ("NAME", "WAITING", "RUNNING", "OLDEST", "DEAD", "STATE", "AGE")
    return _table(head, [(obj, _queue(obj, now)) for obj in objects], namespaces=namespaces)


def age(since: str | None, now: datetime) -> str:
    """Two units at most: `5m2s`, `3h`, `12d`."""
    if not since:
        return UNKNOWN
    left = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def condition(obj: Object, name: str) -> Mapping[str, Any]:
    """A condition of an object; empty where it is not there."""
    held = (obj.get("status") or {}).get("conditions") or ()
    return next((one for one in held if one["type"] == name), {})


def _pool(obj: Object, now: datetime) -> tuple[str, ...]:
    status = obj.get("status") or {}
    numbers = (status.get(name) for name in ("desiredReplicas", "readyReplicas", "busyReplicas"))
    why = status.get("summary") or condition(obj, "Ready").get("reason") or "not looked at yet"
    return (obj["metadata"]["name"], *map(_known, numbers), why, age(obj["metadata"].get("creationTimestamp"), now))


def _queue(obj: Object, now: datetime) -> tuple[str, ...]:
    status = obj.get("status") or {}
    waiting, running, dead = (status.get(name) for name in ("waiting", "running", "deadLetters"))
    oldest = age(status["oldestJobTime"], now) if status.get("oldestJobTime") else "-"
    state = condition(obj, "Ready").get("reason") or "not looked at yet"
    created = age(obj["metadata"].get("creationTimestamp"), now)
    return (obj["metadata"]["name"], _known(waiting), _known(running), oldest, _known(dead), state, created)


def _known(number: Any) -> str:
    return UNKNOWN if number is None else str(number)


def _table(head: Sequence[str], rows: Sequence[tuple[Object, Sequence[str]]], *, namespaces: bool) -> list[str]:
    lines = [list(head), *(list(row) for _, row in rows)]
    if namespaces:
        lines[0].insert(0, "NAMESPACE")
        for line, (obj, _) in zip(lines[1:], rows, strict=True):
            line.insert(0, obj["metadata"]["namespace"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
