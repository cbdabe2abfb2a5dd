"""What other wait targets would ask for at this moment, so that people see what theirs costs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from crds import duration
from reconciler.plans import asks
from reconciler.plans.decision import Step
from reconciler.plans.facts import PoolFacts

NAME: Final = "Price"
LONGER: Final = 6.0
SHORTER: Final = 0.5


def price(facts: PoolFacts, replicas: int) -> tuple[Step, ...]:
    """One step, `replicas` being what the present targets ask for; none where there is no target."""
    targets = {queue.wait_target for queue in facts.queues if queue.wait_target is not None}
    if not targets:
        return ()
    names = ("6 times the wait targets", "half of them")
    if len(targets) == 1:
        target = targets.pop()
        names = (f"a wait of {duration.text(target * LONGER)}", f"one of {duration.text(target * SHORTER)}")
    told = [_told(_with(facts, factor) - replicas) for factor in (LONGER, SHORTER)]
    return (Step(NAME, replicas, f"{names[0]} would need {told[0]}, {names[1]} {told[1]}"),)


def _with(facts: PoolFacts, factor: float) -> int:
    queues = (
        queue if queue.wait_target is None else replace(queue, wait_target=queue.wait_target * factor)
        for queue in facts.queues
    )
    return asks.demand(replace(facts, queues=tuple(queues))).limited


def _told(difference: int) -> str:
    if difference == 0:
        return "as many"
    return f"{abs(difference)} {'more' if difference > 0 else 'fewer'}"
