"""Working through dead letters in batches, until all that were there at the beginning have been looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.brokers.dead_letters.box import Box, Entry

BATCH: Final = 100


class Deed(StrEnum):
    REDRIVE = "redrive"
    PURGE = "purge"


@dataclass(frozen=True, slots=True)
class Tally:
    """`fit` are those that the deed is for, `done` those it was done to; `foreign` died in other queues, `garbage` was
    no job at first and can't be tried again.
    """

    seen: int = 0
    fit: int = 0
    done: int = 0
    foreign: int = 0
    garbage: int = 0


Tell = Callable[[Tally], None]


async def work(box: Box, deed: Deed, *, limit: int | None, dry: bool, tell: Tell = lambda tally: None) -> Tally:
    """The oldest first, at most `limit`. New ones that come meanwhile are left for the next time."""
    tally, left = Tally(), await box.count()
    kept: list[Entry] = []
    act: Callable[[Sequence[Entry]], Awaitable[int]] = box.redrive if deed is Deed.REDRIVE else box.purge
    while left > 0 and (limit is None or tally.fit < limit):
        page = await box.page(kept, min(BATCH, left))
        if not page:
            break
        left -= len(page)
        fit = [entry for entry in page if _fits(box, deed, entry)][: None if limit is None else limit - tally.fit]
        done = 0 if dry else await act(fit)
        kept += page if dry else [entry for entry in page if entry not in fit]
        tally = _more(tally, box, page, len(fit), done)
        tell(tally)
    return tally


def _fits(box: Box, deed: Deed, entry: Entry) -> bool:
    return entry.letter.of_queue(box.name) and (deed is Deed.PURGE or entry.letter.is_job)


def _more(tally: Tally, box: Box, page: Sequence[Entry], fit: int, done: int) -> Tally:
    foreign = sum(not entry.letter.of_queue(box.name) for entry in page)
    garbage = sum(entry.letter.of_queue(box.name) and not entry.letter.is_job for entry in page)
    return Tally(
        tally.seen + len(page), tally.fit + fit, tally.done + done, tally.foreign + foreign, tally.garbage + garbage
    )
