"""Loads from a file: counts of jobs as a monitoring system exports them. Pure.

CSV with a header and the columns `seconds` (since the beginning, ascending) and `jobs`: how many arrived from this
row's time to the next one's. A column `service`, in seconds, gives the mean of the jobs of that row. The arrivals of a
row are spread over it by chance.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from random import Random
from typing import Final

from headgate.simulation.work import Sampler, Trace

MOST_JOBS: Final = 2_000_000
MOST_SECONDS: Final = 31 * 86_400.0


class TraceError(ValueError):
    """The file is no trace; the message names the line."""


@dataclass(frozen=True, slots=True)
class Row:
    seconds: float
    jobs: int
    service: float | None = None


def trace(text: str, service: Sampler, mean: float, seed: int) -> Trace:
    """`service` draws the seconds of one job, of `mean` on average; rows that name another mean stretch it."""
    rows = list(_rows(text))
    if len(rows) < 2:
        raise TraceError("a trace needs two rows at least: the last one ends it")
    if sum(row.jobs for row in rows) > MOST_JOBS:
        raise TraceError(f"more than {MOST_JOBS} jobs")
    random = Random(seed)  # noqa: S311 - a load that can be repeated, no secret
    jobs = [job for row, after in pairwise(rows) for job in _jobs(row, after, service, mean, random)]
    return Trace(jobs, rows[-1].seconds)


def _jobs(row: Row, after: Row, service: Sampler, mean: float, random: Random) -> Iterator[tuple[float, float]]:
    stretch = 1.0 if row.service is None else row.service / mean
    for arrived in sorted(random.uniform(row.seconds, after.seconds) for _ in range(row.jobs)):
        yield arrived, service(random) * stretch


def _rows(text: str) -> Iterator[Row]:
    reader = csv.DictReader(StringIO(text))
    missing = {"seconds", "jobs"} - set(reader.fieldnames or ())
    if missing:
        raise TraceError(f"the header lacks {', '.join(sorted(missing))}")
    last = -1.0
    for number, line in enumerate(reader, start=2):
        row = _row(line, number)
        if not last < row.seconds <= MOST_SECONDS or row.seconds < 0:
            raise TraceError(f"line {number}: seconds must ascend, from 0 to {MOST_SECONDS:g}")
        last = row.seconds
        yield row


def _row(line: dict[str, str], number: int) -> Row:
    try:
        service = line.get("service")
        row = Row(float(line["seconds"]), int(line["jobs"]), float(service) if service else None)
    except (TypeError, ValueError) as error:
        raise TraceError(f"line {number}: seconds, jobs and service must be numbers") from error
    if row.jobs < 0 or (row.service is not None and not 0 < row.service < MOST_SECONDS):
        raise TraceError(f"line {number}: jobs must not be below 0, service must be above")
    return row
