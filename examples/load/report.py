"""An account as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .account import Account

_SHOWN = 5


def lines(account: Account) -> list[str]:
    """One line a figure; the ids of what should not be, up to five."""
    rows = [
        ("enqueued", f"{len(account.enqueued)}"),
        ("done", f"{len(account.done)}"),
        ("dead", f"{len(account.dead)}"),
        ("still queued", f"{len(account.queued)}"),
        ("lost", _ids(account.lost)),
        ("done twice", _ids(account.done_twice)),
        ("failed runs", f"{account.failed_runs}"),
        ("runs without an end", _ids(run.job for run in account.unended)),
        ("wait p50 / p95", f"{_seconds(account.wait(50))} / {_seconds(account.wait(95))}"),
        ("first to last event", _seconds(account.seconds)),
    ]
    if account.strangers:
        rows.append(("never enqueued", _ids(account.strangers)))
    return [f"{name:<20} {value}" for name, value in rows]


def _ids(ids: Iterable[str]) -> str:
    ordered = sorted(ids)
    if not ordered:
        return "0"
    more = ", ..." if len(ordered) > _SHOWN else ""
    return f"{len(ordered)}  ({', '.join(ordered[:_SHOWN])}{more})"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
