"""One queue in Redis: its keys (docs/worker-contract.md, section 5), and what a List and a Stream have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, Protocol

from redis.exceptions import ResponseError

from reconciler.brokers import refusals
from reconciler.brokers.connect import Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import ReplyInvalid
from reconciler.brokers.observation import UNKNOWN_COUNT, Identity, Signal, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.records import Records

RECORDS: Final = 1000
"""So many status records are read; what lies beyond is estimated."""
KEPT_QUEUES: Final = 16_384
"""Queues whose questions are kept: they are asked every second."""
_IDENTITY: Final = ("time", "server", "replication")
NO_SUCH_KEY: Final = "no such key"
"""How XINFO says that there is no stream."""
_SCAN: Final = 4096
"""Buckets of the hash that one HSCAN visits, so that it finds a thousand records in one go."""
DUE_SECONDS: Final = 32.0
"""A start-up time and a poll, where no pool says better: a scheduled job due within it needs its replica now."""


@dataclass(frozen=True)
class RedisQueue:
    """What a Queue says of its place in Redis; absent names are empty. Jobs due within `due_seconds` are counted."""

    name: str
    key_prefix: str = ""
    priorities: tuple[str, ...] = ()
    consumer_group: str = ""
    processing_key: str = ""
    dead_letter: str = ""
    due_seconds: float = field(default=DUE_SECONDS, compare=False)

    @property
    def base(self) -> str:
        return self.key_prefix + self.name

    @cached_property
    def lanes(self) -> tuple[str, ...]:
        """The waiting lists or streams, strictest first."""
        return tuple(f"{self.base}:{priority}" for priority in self.priorities) or (self.base,)

    @property
    def dead_letters(self) -> str:
        return self.key_prefix + (self.dead_letter or f"{self.name}:dead")

    @property
    def scheduled(self) -> str:
        return f"{self.base}:scheduled"

    @property
    def workers(self) -> str:
        return f"{self.base}:workers"

    @property
    def group(self) -> str:
        return self.consumer_group or "workers"


class Asks(Protocol):
    """A `connect.Link`, or what stands for one."""

    @property
    def endpoint(self) -> Endpoint: ...

    @property
    def identity(self) -> Identity | None: ...

    def identified(self, identity: Identity) -> None: ...

    async def ask(self, *commands: Command) -> Sequence[Reply]: ...


class Answers:
    """The replies to named commands, and what to make of a refused one."""

    def __init__(self, commands: Mapping[str, Command], replies: Sequence[Reply], endpoint: Endpoint) -> None:
        self._commands = commands
        self._replies = dict(zip(commands, replies, strict=True))
        self._endpoint = endpoint

    def __getitem__(self, name: str) -> Reply:
        """The reply, or None where the command was refused: for what the queue can be read without."""
        reply = self._replies.get(name)
        return None if isinstance(reply, ResponseError) else reply

    def refusal(self, name: str) -> str:
        """The broker's words when it refused the command, else empty."""
        reply = self._replies.get(name)
        return str(reply) if isinstance(reply, ResponseError) else ""

    @property
    def refused(self) -> str:
        """The broker's words for the first command it refused of those that numbers come from; empty for none."""
        for name, reply in self._replies.items():
            if isinstance(reply, ResponseError) and name not in _IDENTITY and NO_SUCH_KEY not in str(reply):
                return refusals.of_reply(reply, self._what(name), self._endpoint).message
        return ""

    def required(self, name: str) -> int:
        """A count without which nothing can be said; raises what the broker refused it with."""
        reply = self._replies[name]
        if isinstance(reply, ResponseError):
            raise refusals.of_reply(reply, self._what(name), self._endpoint)
        if not isinstance(reply, int):
            raise ReplyInvalid(f"{self._what(name)}: no number in the answer")
        return reply

    def count(self, name: str) -> Signal[int]:
        reply = self[name]
        return exact(reply) if isinstance(reply, int) else UNKNOWN_COUNT

    def _what(self, name: str) -> str:
        return " ".join(str(part) for part in self._commands[name][:2])


async def ask(link: Asks, commands: Mapping[str, Command]) -> Answers:
    """One round trip, or none where there is nothing to ask."""
    return Answers(commands, await link.ask(*commands.values()) if commands else (), link.endpoint)


def common_questions(queue: RedisQueue, *, identified: bool) -> dict[str, Command]:
    return {
        **identity_questions(identified=identified),
        "scheduled": ("ZCARD", queue.scheduled),
        **record_questions(queue),
    }


def identity_questions(*, identified: bool) -> dict[str, Command]:
    """The broker's time, and who it is where that is not known."""
    time: dict[str, Command] = {"time": ("TIME",)}
    return time if identified else time | {"server": ("INFO", "server"), "replication": ("INFO", "replication")}


def record_questions(queue: RedisQueue) -> dict[str, Command]:
    return {"workers": ("HLEN", queue.workers), "records": ("HSCAN", queue.workers, "0", "COUNT", _SCAN)}


def due_questions(queue: RedisQueue, first: Answers, now: float) -> dict[str, Command]:
    if not first.count("scheduled").value:
        return {}
    return {"due": ("ZCOUNT", queue.scheduled, "-inf", f"{now + queue.due_seconds:.3f}")}


def due_of(first: Answers, second: Answers) -> Signal[int]:
    scheduled = first.count("scheduled")
    return second.count("due") if scheduled.value else scheduled


def time_of(answers: Answers, clock: Callable[[], float]) -> float:
    """The broker's time; ours where it does not tell, which is right to the clocks' difference."""
    told = told_time(answers["time"])
    return clock() if told is None else told


def told_time(reply: Reply) -> float | None:
    """What TIME answers, in seconds; None for anything else."""
    try:
        seconds, microseconds = (int(part) for part in reply)
    except (TypeError, ValueError):
        return None
    return seconds + microseconds / 1e6


def identify(link: Asks, answers: Answers) -> Identity:
    """Which server answered. INFO may be forbidden; then a failover shows in the counts alone."""
    identity = identity_of(answers["server"], answers["replication"])
    link.identified(identity)
    return identity


@lru_cache(maxsize=64)
def identity_of(server: Reply, replication: Reply) -> Identity:
    """What INFO says of its sections; kept, for all queues of one round trip have the same answer."""
    facts = {**info(server), **info(replication)}
    return Identity(facts.get("run_id", ""), facts.get("master_replid", ""), facts.get("role", ""))


def records_of(answers: Answers) -> tuple[dict[str, bytes], int]:
    """The status records as written, by instance, and how many more there are."""
    records = scanned(answers["records"])
    if records is None:
        return {}, 0
    return records, max(0, (answers.count("workers").value or 0) - len(records))


def scanned(reply: Reply) -> dict[str, bytes] | None:
    """What HSCAN has found; None for any other reply."""
    try:
        _, flat = reply
        pairs = list(zip(flat[::2], flat[1::2], strict=True))[:RECORDS]
        return {instance.decode(): record for instance, record in pairs}
    except (TypeError, ValueError, AttributeError):
        return None


def same_until(first: Answers, records: Records, now: float) -> float:
    """Until when the same answers mean the same. What is due of the scheduled jobs is another question every time."""
    return 0.0 if first.count("scheduled").value else records.same_until(now)


def info(text: object) -> dict[str, str]:
    """What INFO says, by name; nothing of anything else."""
    if not isinstance(text, bytes):
        return {}
    lines = text.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
