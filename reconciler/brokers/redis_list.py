"""The List layout: jobs are pushed on the left and taken from the right.

It reads any such list, also one whose workers have never heard of Headgate. What runs is known from `processingKey`,
from the lists of the instances that keep status records, or from the records themselves; else it is unknown. The two
round trips are not one transaction: what runs is read last, so a job that is being taken may be counted twice for a
moment, but never not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from reconciler.brokers import jobtime
from reconciler.brokers.observation import (
    UNKNOWN_COUNT,
    UNKNOWN_TIME,
    Observation,
    Signal,
    estimated,
    exact,
)
from reconciler.brokers.questions import Command
from reconciler.brokers.records import Record, Records, parse_all
from reconciler.brokers.redis_queue import (
    KEPT_QUEUES,
    Answers,
    Asks,
    RedisQueue,
    ask,
    common_questions,
    due_of,
    due_questions,
    identify,
    records_of,
    same_until,
    time_of,
)


class RedisListObserver:
    """Observes one queue. `clock` (seconds since the epoch) stands in where the broker does not tell its own time."""

    def __init__(self, link: Asks, queue: RedisQueue, clock: Callable[[], float]) -> None:
        self._link = link
        self._queue = queue
        self._clock = clock

    async def observe(self) -> Observation:
        known = self._link.identity
        first = await ask(self._link, _first_questions(self._queue, identified=known is not None))
        waiting = [first.required(f"waiting {lane}") for lane in self._queue.lanes]
        now = time_of(first, self._clock)
        raw, left_out = records_of(first)
        workers = parse_all(raw, now)
        accounts = _accounts(workers)
        second = await self._second(accounts, first, now)
        return Observation(
            time=now,
            waiting=exact(sum(waiting)),
            running=self._running(first, second, workers, accounts, left_out),
            scheduled=first.count("scheduled"),
            due=due_of(first, second),
            dead_letters=first.count("dead letters"),
            oldest_enqueued=self._oldest(first, now),
            due_seconds=self._queue.due_seconds,
            refused=first.refused or second.refused,
            identity=known or identify(self._link, first),
            workers=workers,
            records=raw,
            records_left_out=left_out,
            kept=_kept(accounts, second),
            same_until=same_until(first, workers, now),
        )

    async def _second(self, accounts: Mapping[str, Record], first: Answers, now: float) -> Answers:
        """Asks for the lists of jobs in flight and for what is due, where there is anything to ask for."""
        questions: dict[str, Command] = {
            f"in flight {instance}": ("LLEN", record.in_flight_at) for instance, record in accounts.items()
        }
        questions |= due_questions(self._queue, first, now)
        return await ask(self._link, questions)

    def _running(
        self, first: Answers, second: Answers, records: Records, accounts: Mapping[str, Record], left_out: int
    ) -> Signal[int]:
        kept = first.required("processing") if self._queue.processing_key else None
        told = [record.in_flight for record in records.fresh.values() if not record.in_flight_at]
        counted = 0
        sure = not told and not left_out and not records.garbage
        for instance, record in accounts.items():
            count = second.count(f"in flight {instance}").value
            counted += record.in_flight if count is None else count
            sure = sure and count is not None
        known = len(records.fresh) + len(records.stale)
        if first.refusal("records") or (kept is None and not known):
            return UNKNOWN_COUNT
        seen = counted + sum(told)
        total = (kept or 0) + seen + (seen * left_out // known if known else 0)
        return exact(total) if sure else estimated(total)

    def _oldest(self, answers: Answers, now: float) -> Signal[float]:
        names = [f"oldest {lane}" for lane in self._queue.lanes]
        oldest = [answers[name] for name in names]
        if None in oldest and any(map(answers.refusal, names)):
            return UNKNOWN_TIME
        jobs = [job for job in oldest if job is not None]
        times = [jobtime.enqueued_at(job, now) for job in jobs]
        known = [time for time in times if time is not None]
        if len(known) == len(jobs):
            return exact(min(known, default=None))
        return estimated(min(known)) if known else UNKNOWN_TIME


def _accounts(records: Records) -> Mapping[str, Record]:
    """The instances whose jobs lie in a list of their own; dead ones included, whose jobs nobody has recovered yet."""
    everyone = {**records.fresh, **records.stale}
    return {instance: record for instance, record in everyone.items() if record.in_flight_at}


def _kept(accounts: Mapping[str, Record], second: Answers) -> dict[str, int]:
    counts = {instance: second.count(f"in flight {instance}").value for instance in accounts}
    return {instance: count for instance, count in counts.items() if count is not None}


@lru_cache(maxsize=KEPT_QUEUES)
def _first_questions(queue: RedisQueue, *, identified: bool) -> Mapping[str, Command]:
    questions = common_questions(queue, identified=identified)
    for lane in queue.lanes:
        questions[f"waiting {lane}"] = ("LLEN", lane)
        questions[f"oldest {lane}"] = ("LINDEX", lane, -1)
    questions["dead letters"] = ("LLEN", queue.dead_letters)
    if queue.processing_key:
        questions["processing"] = ("LLEN", queue.processing_key)
    return questions
