"""The traces, the pools they are for, what goes wrong meanwhile, and the budget that the law has to keep.

Most traces keep 20 slots busy at their height with jobs of two seconds, on pods of four slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.simulation import work
from headgate.simulation.run import NO_TROUBLE
from headgate.simulation.settings import Settings, Span, Trouble
from headgate.simulation.work import HOUR, Rate, Sampler, Trace

CHEAP: Final = 1.35
DEAR: Final = 3.0
"""Cost over the oracle's where nothing can be known in advance: bursts, pauses, and pods that start too slowly."""
STEADY: Final = 1.0
SLOW: Final = 2.0
"""With 20-minute jobs, 20 of them on average are 15 now and 25 an hour later: the load itself turns."""
TWO_SECONDS: Final = work.exponential(2.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`cost` is the most it may cost over the oracle, `flips` the most changes of direction an hour, where the load
    itself has none; None where it has.
    """

    name: str
    rate: Rate
    service: Sampler
    hours: float
    settings: Settings
    cost: float = CHEAP
    flips: float | None = None
    warm: int | None = None
    trouble: Trouble = NO_TROUBLE

    def trace(self, seed: int) -> Trace:
        return work.poisson(self.rate, self.service, self.hours * HOUR, seed)


def pool(target: float, startup: float, *, minimum: int = 1, maximum: int = 20, concurrency: int = 4) -> Settings:
    return Settings(max_replicas=maximum, min_replicas=minimum, concurrency=concurrency, target=target, startup=startup)


SCENARIOS: Final = (
    Scenario("steady", work.constant(10), TWO_SECONDS, 2, pool(10, 30), flips=STEADY, warm=6),
    Scenario("step x10", work.step(1, 10, 2400, 4800), TWO_SECONDS, 2, pool(30, 15)),
    Scenario("burst of 2000", work.burst(2000, 600, 20, 0.5), TWO_SECONDS, 1, pool(120, 15), DEAR),
    Scenario("sine", work.sine(2, 18, 1200), TWO_SECONDS, 2, pool(20, 45)),
    Scenario("sawtooth", work.sawtooth(2, 18, 900), TWO_SECONDS, 2, pool(20, 30)),
    Scenario("heavy tail", work.constant(10), work.lognormal(2, 10), 2, pool(15, 30), flips=STEADY, warm=6),
    Scenario("slow start-up", work.sine(2, 18, 3600), TWO_SECONDS, 3, pool(60, 180), DEAR),
    Scenario(
        "20-minute jobs",
        work.constant(1 / 60),
        work.uniform(1200, 0.5),
        8,
        pool(60, 30, concurrency=1, maximum=40),
        flips=SLOW,
    ),
    Scenario("20-ms jobs", work.constant(50), work.exponential(0.02), 1, pool(1, 20)),
    Scenario("on and off", work.on_off(10, 120, 480), TWO_SECONDS, 2, pool(20, 20, minimum=0), DEAR),
    Scenario("sporadic", work.constant(1 / 300), work.exponential(60), 8, pool(60, 15, minimum=0), DEAR),
    Scenario(
        "broker unreadable",
        work.constant(10),
        TWO_SECONDS,
        1,
        pool(10, 30),
        flips=STEADY,
        warm=6,
        trouble=Trouble(unreadable=Span(1200, 1800)),
    ),
    Scenario(
        "broker reads empty",
        work.constant(10),
        TWO_SECONDS,
        1,
        pool(10, 30),
        flips=STEADY,
        warm=6,
        trouble=Trouble(reads_empty=Span(1200, 1260)),
    ),
    Scenario(
        "operator restarts",
        work.constant(10),
        TWO_SECONDS,
        1,
        pool(10, 30),
        flips=STEADY,
        warm=6,
        trouble=Trouble(restart_at=1800),
    ),
    Scenario(
        "rollout under load",
        work.constant(10),
        TWO_SECONDS,
        1,
        pool(10, 30),
        flips=STEADY,
        warm=6,
        trouble=Trouble(rollout_at=1800),
    ),
)
