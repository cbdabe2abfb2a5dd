"""One object closely: its row, why it has its size, who drains, and what its conditions warn of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import wrap
from typing import Any, Final

from headgate.fleet import draining, tables
from reconciler.conditions import KIND_CONDITIONS, Polarity

WIDTH: Final = 80


def closeup(obj: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Lines of at most 80 columns, but for names that are longer."""
    yield from _row(obj, now)
    status = obj.get("status") or {}
    if not draining.seen(obj):
        yield "The reconciler has not looked at this spec yet."
    if steps := (status.get("decision") or {}).get("steps"):
        yield from ("", "How it came to its size:")
        for step in steps:
            yield from _wrapped(f"{step['replicas']} by {step['name']}" + _after(": ", step.get("message")))
    if leaving := status.get("draining"):
        yield from ("", "Draining:")
        for one in leaving:
            jobs = "unknown" if one.get("running") is None else str(one["running"])
            time = f"since {one['since']}, until {one['deadline']}"
            yield from _wrapped(f"{one['pod']}: {jobs} running, {one['reason']}, {time}")
    if noteworthy := list(_noteworthy(obj)):
        yield from ("", "Conditions:")
        for condition in noteworthy:
            head = f"{condition['type']}={condition['status']} {condition['reason']}"
            yield from _wrapped(head + _after(": ", condition.get("message")))


def _row(obj: Mapping[str, Any], now: datetime) -> list[str]:
    table = tables.pools if obj["kind"] == "WorkerPool" else tables.queues
    return table([obj], now, namespaces=False)


def _noteworthy(obj: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that are not as one wishes them, and Ready."""
    polarity = {declared.name: declared.polarity for declared in KIND_CONDITIONS[obj["kind"]]}
    for condition in (obj.get("status") or {}).get("conditions") or ():
        wished = "False" if polarity.get(condition["type"]) is Polarity.ABNORMAL else "True"
        if condition["status"] != wished or condition["type"] == "Ready":
            yield condition


def _wrapped(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _after(separator: str, text: str | None) -> str:
    return f"{separator}{text}" if text else ""
