"""In which order the queues are looked at: strictest first, or in turns by their weights. Pure.

By weights each order is drawn anew, so that a queue comes first as often as its weight is of all weights, and none is
left out for ever: with strict order a queue that never runs dry starves those behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .backoff import Random
from .source import Source


def weighted(sources: Sequence[Source]) -> bool:
    """Whether any of them has a weight; those without one then have 1."""
    return any(source.queue.weight is not None for source in sources)


def turns(sources: Sequence[Source], random: Random) -> Sequence[Source]:
    """The order of one look at all of them."""
    if not weighted(sources):
        return sources
    # Efraimidis and Spirakis: the largest of u to the power of 1/weight is each one's as often as its weight says.
    return sorted(sources, key=lambda source: random() ** (1 / (source.queue.weight or 1)), reverse=True)
