"""What the jobs of a run are: how long they take and how often they fail. Pure and seeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

ALWAYS = 1_000_000
"""More failing runs than any queue allows retries: such a job ends in the dead letters."""


@dataclass(frozen=True, slots=True)
class Work:
    """Run times are spread evenly over `seconds` ± `spread` of it; percentages are of all jobs."""

    seconds: float = 0.5
    spread: float = 0.5
    fail_percent: float = 0.0
    dead_percent: float = 0.0
    priorities: tuple[str, ...] = ()


def jobs(work: Work, run: str, ledger: str, count: int, seed: int) -> Iterator[Mapping[str, Any]]:
    """The bodies of a run's jobs, without the time of enqueueing, which only the broker may say."""
    random = Random(seed)  # noqa: S311  # reproducible load, no secret
    for number in range(count):
        body: dict[str, Any] = {
            "id": f"{run}-{number:06d}",
            "ledger": ledger,
            "seconds": round(work.seconds * (1 + work.spread * (2 * random.random() - 1)), 4),
        }
        draw = 100 * random.random()
        if draw < work.dead_percent:
            body["fail"] = ALWAYS
        elif draw < work.dead_percent + work.fail_percent:
            body["fail"] = 1
        if work.priorities:
            body["priority"] = random.choice(work.priorities)
        yield body
