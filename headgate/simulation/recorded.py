"""Loads from a file: counts of jobs as a monitoring system exports them. Pure.

CSV with a header and the columns `seconds` (since the beginning, ascending) and `jobs`: how many arrived from this
row's time to the next one's. A column `service`, in seconds, gives the mean of the jobs of that row. With a column
`queue` each queue has rows of its own. The arrivals of a row are spread over it by chance.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from random import Random
from typing import Final

from headgate.simulation.patterns import LONGEST, MOST_JOBS
from headgate.simulation.work import ANY_QUEUE, Arrival, LoadError, Sampler, Trace, together

MOST_QUEUES: Final = 50
TOO_MANY: Final = "values beyond the header"


class TraceError(LoadError):
    """The file is no trace; the message names the line."""


@dataclass(frozen=True, slots=True)
class Row:
    seconds: float
    jobs: int
    service: float | None = None
    queue: str = ANY_QUEUE


def trace(text: str, service: Sampler, mean: float, seed: int) -> Trace:
    """`service` draws the seconds of one job, of `mean` on average; rows that name another mean stretch it.

    Of each queue no more than its last row is kept, so what is made is bounded by jobs and not by rows.
    """
    random = Random(seed)  # noqa: S311 - a load that can be repeated, no secret
    jobs: dict[str, list[Arrival]] = {}
    last: dict[str, Row] = {}
    announced = 0
    for row in _rows(text):
        announced += row.jobs
        if announced > MOST_JOBS:
            raise TraceError(f"more than {MOST_JOBS} jobs")
        if (before := last.get(row.queue)) is not None:
            jobs.setdefault(row.queue, []).extend(_jobs(before, row, service, mean, random))
        last[row.queue] = row
        if len(last) > MOST_QUEUES:
            raise TraceError(f"more than {MOST_QUEUES} queues, which is the most that a pool works off")
    for queue in last or (ANY_QUEUE,):
        if queue not in jobs:
            of_queue = f" of queue {queue}" if queue else ""
            raise TraceError(f"a trace{of_queue} needs two rows at least: the last one ends it")
    return together({queue: Trace(jobs[queue], row.seconds) for queue, row in last.items()})


def _jobs(row: Row, after: Row, service: Sampler, mean: float, random: Random) -> Iterator[Arrival]:
    stretch = 1.0 if row.service is None else row.service / mean
    for arrived in sorted(random.uniform(row.seconds, after.seconds) for _ in range(row.jobs)):
        yield Arrival(arrived, service(random) * stretch)


def _rows(text: str) -> Iterator[Row]:
    reader = csv.DictReader(StringIO(text), restkey=TOO_MANY)
    try:
        if not reader.fieldnames:
            raise TraceError("nothing is in it; the first line names the columns, seconds and jobs at least")
        missing = {"seconds", "jobs"} - set(reader.fieldnames)
        if missing:
            raise TraceError(f"the header lacks {', '.join(sorted(missing))}")
        last: dict[str, float] = {}
        for line in reader:
            number = reader.line_num
            row = _row(line, number)
            if not last.get(row.queue, -1.0) < row.seconds <= LONGEST or row.seconds < 0:
                raise TraceError(f"line {number}: seconds must ascend, from 0 to {LONGEST:.0f}")
            last[row.queue] = row.seconds
            yield row
    except csv.Error as error:
        raise TraceError(f"line {reader.line_num}: {error}") from error


def _row(line: dict[str, str], number: int) -> Row:
    if TOO_MANY in line:
        raise TraceError(f"line {number}: more values than the header has columns")
    try:
        service, queue = line.get("service"), (line.get("queue") or ANY_QUEUE).strip()
        row = Row(float(line["seconds"]), int(line["jobs"]), float(service) if service else None, queue)
    except (TypeError, ValueError) as error:
        raise TraceError(f"line {number}: seconds, jobs and service must be numbers") from error
    if row.jobs < 0 or (row.service is not None and not 0 < row.service < LONGEST):
        raise TraceError(f"line {number}: jobs must not be below 0, service must be above")
    if "queue" in line and not row.queue:
        raise TraceError(f"line {number}: queue must name one")
    return row
