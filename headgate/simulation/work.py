"""When jobs arrive and how long they take: a trace. Pure and seeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from math import log, pi, sin, sqrt
from random import Random
from typing import Final, NamedTuple

Rate = Callable[[float], float]
"""Jobs per second at a second of the run."""

Sampler = Callable[[Random], float]
"""The seconds that one job takes."""

HOUR: Final = 3600.0
ANY_QUEUE: Final = ""
_BOUND_STEPS: Final = 2000


class LoadError(ValueError):
    """A load that cannot be played, or not by this pool; the message says what to write instead."""


class Arrival(NamedTuple):
    """A job: when it comes and how long it takes, in seconds, and its queue, by its place among the trace's."""

    at: float
    seconds: float
    queue: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """Jobs in order of arrival, within `duration` seconds. A load that names no queue is for a pool that has one."""

    jobs: Sequence[Arrival]
    duration: float
    queues: tuple[str, ...] = (ANY_QUEUE,)

    @property
    def work(self) -> float:
        """Slot-seconds."""
        return sum(job.seconds for job in self.jobs)

    def at_queues(self, names: Sequence[str]) -> Trace:
        """The same load as it comes to a pool that works these queues off. Raises LoadError."""
        if self.queues == tuple(names) or (self.queues == (ANY_QUEUE,) and len(names) == 1):
            return self
        told = ", ".join(names)
        if self.queues == (ANY_QUEUE,):
            raise LoadError(f"of {len(names)} queues ({told}): say whose jobs a load is, as {names[0]}=constant:5")
        if unknown := [name for name in self.queues if name not in names]:
            raise LoadError(f"a load for {', '.join(unknown)}, where the pool works off {told}")
        places = [names.index(name) for name in self.queues]
        return Trace([job._replace(queue=places[job.queue]) for job in self.jobs], self.duration, tuple(names))


def together(loads: Mapping[str, Trace]) -> Trace:
    """The loads of several queues, each by the queue's name, as one."""
    own = ([job._replace(queue=place) for job in load.jobs] for place, load in enumerate(loads.values()))
    return Trace(list(merge(*own)), max(load.duration for load in loads.values()), tuple(loads))


def poisson(rate: Rate, service: Sampler, duration: float, seed: int, highest: float | None = None) -> Trace:
    """Poisson arrivals of a varying rate, by thinning those of its highest (Lewis and Shedler, 1979).

    Where `highest` is not given it is looked for at many moments, which only a rate that changes slowly allows.
    """
    random = Random(seed)  # noqa: S311 - a load that can be repeated, no secret
    if highest is None:
        highest = max(rate(duration * step / _BOUND_STEPS) for step in range(_BOUND_STEPS))
    jobs, now = [], 0.0
    while highest > 0 and (now := now + random.expovariate(highest)) < duration:
        if random.random() * highest < rate(now):
            jobs.append(Arrival(now, service(random)))
    return Trace(jobs, duration)


def constant(rate: float) -> Rate:
    return lambda _: rate


def step(low: float, high: float, start: float, end: float) -> Rate:
    """`high` from `start` to `end` seconds, else `low`."""
    return lambda now: high if start <= now < end else low


def sine(low: float, high: float, period: float) -> Rate:
    return lambda now: (low + high) / 2 - (high - low) / 2 * sin(pi / 2 + 2 * pi * now / period)


def sawtooth(low: float, high: float, period: float) -> Rate:
    """Rises evenly, falls at once."""
    return lambda now: low + (high - low) * (now % period) / period


def on_off(rate: float, on: float, off: float) -> Rate:
    return lambda now: rate if now % (on + off) < on else 0.0


def burst(jobs: int, start: float, length: float, background: float = 0.0) -> Rate:
    """`jobs` within `length` seconds from `start`."""
    return lambda now: jobs / length if start <= now < start + length else background


def exponential(mean: float) -> Sampler:
    return lambda random: random.expovariate(1 / mean)


def fixed(seconds: float) -> Sampler:
    return lambda _: seconds


def lognormal(mean: float, cv2: float) -> Sampler:
    """A heavy tail; `cv2` is the squared coefficient of variation."""
    sigma = sqrt(log(1 + cv2))
    mu = log(mean) - sigma**2 / 2
    return lambda random: random.lognormvariate(mu, sigma)


def uniform(mean: float, spread: float) -> Sampler:
    """Between `1 - spread` and `1 + spread` times the mean."""
    return lambda random: mean * random.uniform(1 - spread, 1 + spread)
