"""The traces, the pools they are for, what goes wrong meanwhile, and the budget that the law has to keep.

Most traces keep 20 slots busy at their height with jobs of two seconds, on pods of four slots. Those of the design come
first, with the start-up times and targets it gave them; the others were added later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.simulation import work
from headgate.simulation.run import NO_TROUBLE
from headgate.simulation.settings import QueueSettings, Settings, Span, Trouble
from headgate.simulation.work import HOUR, Rate, Sampler, Trace

CHEAP: Final = 1.35
DEAR: Final = 3.0
"""Cost over the oracle's where nothing can be known in advance: bursts, pauses, and pods that start too slowly."""
RESTLESS: Final = 1.0
"""So many changes of direction an hour more than the load itself has, where it keeps 20 slots busy."""
TWO_SECONDS: Final = work.exponential(2.0)
TEN_A_SECOND: Final = work.constant(10)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`cost` is the most it may cost over the oracle. `turns` are the changes of direction an hour that the load itself
    has; None where it keeps fewer than 20 slots busy, and nothing is promised.
    """

    name: str
    rate: Rate
    service: Sampler
    hours: float
    settings: Settings
    cost: float = CHEAP
    turns: float | None = 0.0
    warm: int | None = None
    trouble: Trouble = NO_TROUBLE

    def trace(self, seed: int) -> Trace:
        return work.poisson(self.rate, self.service, self.hours * HOUR, seed)

    @property
    def target(self) -> float:
        """The wait target, in seconds."""
        return self.settings.queues[0].target or 0.0

    @property
    def flips(self) -> float | None:
        """The most changes of direction an hour."""
        return None if self.turns is None else self.turns + RESTLESS


def pool(target: float, startup: float, *, minimum: int = 1, maximum: int = 20, concurrency: int = 4) -> Settings:
    queues = (QueueSettings(target=target),)
    return Settings(max_replicas=maximum, min_replicas=minimum, concurrency=concurrency, queues=queues, startup=startup)


def troubled(name: str, trouble: Trouble) -> Scenario:
    """The steady load for an hour, in which something goes wrong."""
    return Scenario(name, TEN_A_SECOND, TWO_SECONDS, 1, pool(10, 30), warm=6, trouble=trouble)


DESIGNED: Final = (
    Scenario("steady", TEN_A_SECOND, TWO_SECONDS, 2, pool(10, 30), warm=6),
    Scenario("step x10", work.step(1, 10, 2400, 4800), TWO_SECONDS, 2, pool(30, 15), turns=0.5),
    Scenario("burst of 2000", work.burst(2000, 600, 20, 0.5), TWO_SECONDS, 1, pool(120, 15), DEAR, turns=1.0),
    Scenario("sine", work.sine(2, 18, 1200), TWO_SECONDS, 2, pool(20, 45), turns=6.0),
    Scenario("sawtooth", work.sawtooth(2, 18, 900), TWO_SECONDS, 2, pool(20, 30), turns=8.0),
    Scenario("heavy tail", TEN_A_SECOND, work.lognormal(2, 10), 2, pool(15, 30), warm=6),
    Scenario("slow start-up", work.sine(2, 18, 3600), TWO_SECONDS, 3, pool(60, 180), DEAR, turns=2.0),
    Scenario(
        "20-minute jobs",
        work.constant(1 / 60),
        work.uniform(1200, 0.5),
        8,
        pool(60, 30, concurrency=1, maximum=40),
    ),
    Scenario("20-ms jobs", work.constant(50), work.exponential(0.02), 1, pool(1, 20), turns=None),
    Scenario("on and off", work.on_off(10, 60, 300), TWO_SECONDS, 2, pool(20, 20, minimum=0), DEAR, turns=20.0),
    Scenario("sporadic", work.constant(1 / 300), work.exponential(5), 8, pool(60, 15, minimum=0), DEAR, turns=None),
)
ADDED: Final = (
    Scenario("longer on and off", work.on_off(10, 120, 480), TWO_SECONDS, 2, pool(20, 20, minimum=0), DEAR, turns=12.0),
    Scenario(
        "sporadic minutes", work.constant(1 / 300), work.exponential(60), 8, pool(60, 15, minimum=0), DEAR, turns=None
    ),
    troubled("broker unreadable", Trouble(unreadable=Span(1200, 1800))),
    troubled("broker reads empty", Trouble(reads_empty=Span(1200, 1260))),
    troubled("operator restarts", Trouble(restart_at=1800)),
    troubled("rollout under load", Trouble(rollout_at=1800)),
)
SCENARIOS: Final = (*DESIGNED, *ADDED)
