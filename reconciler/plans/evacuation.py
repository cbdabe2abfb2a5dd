"""Who is asked to leave a node that is to be emptied, and who stays until others serve in its place. Pure.

Asked all at once, idle workers would stop taking jobs together, and a pool that has no others would serve nobody until
their successors have started. So they leave as workers of an old revision do: within `rollout.maxSurge` others are
started first, and no more are asked at a time than the pool can do without. Those that serve nobody are asked at once.

They are held back for as long as their successors may come. Once no node has room for these, only an autoscaler can
help, and its Events on them say whether it does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from reconciler.plans.child import Pod
from reconciler.plans.removal import by_progress
from reconciler.plans.rollout import Bounds

LEAST_PATIENCE: Final = 30.0
MOST_PATIENCE: Final = 600.0
ANSWER_SECONDS: Final = 15.0
"""The cluster autoscaler looks every 10 s at pods that find no node, and Karpenter gathers them for at most as long."""


@dataclass(frozen=True, slots=True)
class Evacuation:
    """`held` are the uids of those that are not asked yet, `surge` how many workers are to be started beside them."""

    held: frozenset[str] = frozenset()
    surge: int = 0


AT_ONCE: Final = Evacuation()


class Prospect(Enum):
    """What those who are held back wait for, and how it is said."""

    STARTING = ""
    NODE_COMES = ", for which a node is being added"
    UNDECIDED = ", for which there is no room so far"
    NO_ROOM = ", for which there is no room"


WORDS: Final[Mapping[str, Prospect]] = {
    "TriggeredScaleUp": Prospect.NODE_COMES,
    "Nominated": Prospect.NODE_COMES,
    "NotTriggerScaleUp": Prospect.NO_ROOM,
}
"""The reasons of Events on pods by which the cluster autoscaler and Karpenter say what they do for one."""


def evacuation(leaving: Sequence[Pod], pods: Sequence[Pod], limits: Bounds, wanted: int) -> Evacuation:
    """`leaving` are those of the pool's pods that are to leave their node and have not been asked yet."""
    serving = [pod for pod in pods if serves(pod)]
    spare = max(0, len(serving) - max(0, wanted - limits.unavailable))
    held = by_progress([pod for pod in leaving if serves(pod)])[spare:]
    return Evacuation(frozenset(pod.uid for pod in held), min(limits.surge, len(leaving)) if wanted else 0)


def serves(pod: Pod) -> bool:
    """Whether the pool would miss it."""
    return pod.active and pod.runs and pod.ready and pod.request is None


def successors(leaving: Sequence[Pod], pods: Sequence[Pod]) -> list[Pod]:
    """Who is to serve in their place and does not yet."""
    return [pod for pod in pods if pod.active and pod.request is None and pod not in leaving and not serves(pod)]


def out_of_room(coming: Sequence[Pod], *, failing: bool) -> bool:
    """Whether no node has room for any of the successors, or there are none, for with `failing` no pod can be made."""
    return all(pod.refused for pod in coming) if coming else failing


def promised(words: Collection[Prospect]) -> Prospect:
    """What the last words about each of those without room come to; UNDECIDED is none."""
    if Prospect.NODE_COMES in words:
        return Prospect.NODE_COMES
    return Prospect.NO_ROOM if words and set(words) == {Prospect.NO_ROOM} else Prospect.UNDECIDED


@dataclass(frozen=True, slots=True)
class Held:
    """Who was not asked yet, by uid, and what they wait for: since when these are the same, and since when that is.

    In seconds of the steady clock.
    """

    uids: frozenset[str] = frozenset()
    since: float = 0.0
    prospect: Prospect = Prospect.STARTING
    looking_since: float = 0.0

    def seen(self, uids: frozenset[str], prospect: Prospect, now: float) -> Held:
        if uids != self.uids:
            return Held(uids, now, prospect, now)
        return self if prospect is self.prospect else replace(self, prospect=prospect, looking_since=now)

    def ends(self, startup: float) -> float:
        """When all of them are asked, whoever serves in their place."""
        return min(self.since + MOST_PATIENCE, self.looking_since + patience(startup, self.prospect))


def patience(startup: float, prospect: Prospect) -> float:
    """For how many seconds the same workers are held back: long enough for others to start, twice, or for a node."""
    match prospect:
        case Prospect.STARTING:
            return min(max(2 * startup, LEAST_PATIENCE), MOST_PATIENCE)
        case Prospect.NODE_COMES:
            return MOST_PATIENCE
        case Prospect.UNDECIDED:
            return ANSWER_SECONDS
        case Prospect.NO_ROOM:
            return 0.0
