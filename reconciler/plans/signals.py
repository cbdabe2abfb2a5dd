"""What a decision heard of a queue, in two lines of its bill: each number with how it is known, and how old it is.

`about` stands before what is estimated, and what is unknown says so; the numbers are those of the moment.
"""

from __future__ import annotations

from typing import Final

from crds import duration
from reconciler.plans import arrivals
from reconciler.plans.decision import Step
from reconciler.plans.explain import OUTCOMES, SIGNALS, cut, trouble
from reconciler.plans.facts import PoolFacts, QueueFacts

NAME_LENGTH: Final = 24
"""What the numbers leave of a message for the queue's name."""


def signals(facts: PoolFacts) -> tuple[Step, ...]:
    """One step for each queue; the number is that of the pool until now, for a signal asks for nothing."""
    return tuple(Step(SIGNALS, facts.current, _told(queue, facts)) for queue in facts.queues)


def outcomes(facts: PoolFacts) -> tuple[Step, ...]:
    """One step for each queue that is read: what has come of its jobs lately. None of it is asked for by the law."""
    return tuple(Step(OUTCOMES, facts.current, _fared(queue)) for queue in facts.queues if not queue.unreadable)


def _fared(queue: QueueFacts) -> str:
    """`orders: 10/s out, wait p95 3s100ms, latency p95 about 7s500ms`"""
    found, out = queue.source.outcomes(), queue.completions
    about = "about " if found.judged else ""
    parts = [
        "completions unknown" if out is None else f"{_about(queue, 'completions')}{_short(out):g}/s out",
        "wait p95 unknown" if found.wait is None else f"wait p95 {about}{_seconds(found.wait)}",
        "latency p95 unknown" if found.latency is None else f"latency p95 about {_seconds(found.latency)}",
    ]
    return f"{cut(queue.name, NAME_LENGTH)}: {', '.join(parts)}"


def _told(queue: QueueFacts, facts: PoolFacts) -> str:
    """`orders: 40 waiting (oldest 12s), 4 running, about 10/s in, 2s a job, start-up 30s, read 400ms ago`"""
    name = cut(queue.name, NAME_LENGTH)
    if queue.missing or queue.unreadable:
        return f"{name} {trouble(queue)}"
    parts = [
        _waiting(queue),
        _count(queue, "running", queue.running),
        _arriving(queue),
        _lasting(queue),
        f"start-up {duration.text(round(facts.startup_seconds))}",
        f"read {_seconds(queue.source.read_seconds)} ago",
    ]
    if not queue.firm:
        parts.append("in doubt")
    return f"{name}: {', '.join(parts)}"


def _waiting(queue: QueueFacts) -> str:
    told, age = _count(queue, "waiting", queue.waiting), queue.source.oldest_seconds
    if not queue.waiting or age is None:
        return told
    return f"{told} (oldest {_about(queue, 'oldest')}{_seconds(age)})"


def _count(queue: QueueFacts, name: str, number: int | None) -> str:
    return f"{name} unknown" if number is None else f"{_about(queue, name)}{number} {name}"


def _arriving(queue: QueueFacts) -> str:
    if queue.arrivals_long is None:
        return "arrivals unknown"
    return f"{_about(queue, 'arrivals')}{_short(arrivals.rate(queue)):g}/s in"


def _lasting(queue: QueueFacts) -> str:
    mean = arrivals.service(queue)
    return "service time unknown" if mean is None else f"{_seconds(mean)} a job"


def _about(queue: QueueFacts, name: str) -> str:
    return "about " if name in queue.source.estimated else ""


def _seconds(seconds: float) -> str:
    return duration.text(_short(seconds))


def _short(number: float) -> float:
    """Two digits of what is small."""
    return float(f"{number:.2g}") if number < 10 else round(number)
