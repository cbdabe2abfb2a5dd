"""A link to a Redis Cluster: every command goes to the node that owns its key.

Those of one node go in one round trip, those of different nodes side by side. Where a slot has moved its commands
follow it (MOVED, ASK), a few times at most, and the nodes are asked anew who owns what. A replica serves no keys, so
no answer of one is ever taken for its primary's. A cluster of which a part is away is away: nobody would know what the
part had to tell.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from redis.exceptions import AskError, ClusterDownError, MovedError, ResponseError

from reconciler.brokers import everywhere, opinions, refusals, slots
from reconciler.brokers.connect import Limits, Link, Reply
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerError, BrokerUnreachable
from reconciler.brokers.group_link import Answers, GroupLink, LinkTo, Questions
from reconciler.brokers.groups import Cluster
from reconciler.brokers.opinions import Opinion
from reconciler.brokers.questions import Command
from reconciler.brokers.slots import Slots

K = TypeVar("K")
HOPS: Final = 4
"""So often a command is sent: while a slot moves, each of its two nodes may send it to the other."""
_ASKING: Final[Command] = ("ASKING",)


@dataclass(slots=True, eq=False)
class _Errand:
    """One command on its way to one node. `question` is the number of the question that it is a part of."""

    question: int
    command: Command
    node: Endpoint
    asking: bool = False
    reply: Reply = None

    @property
    def commands(self) -> tuple[Command, ...]:
        return (_ASKING, self.command) if self.asking else (self.command,)

    @property
    def surprises(self) -> bool:
        """Whether the answer says that somebody else owns what was thought to be this node's."""
        if self.command[0] == "INFO":
            return isinstance(self.reply, bytes) and b"role:slave" in self.reply
        return isinstance(self.reply, MovedError | ClusterDownError)


class ClusterLink(GroupLink[Slots]):
    # Whoever owns a slot no more says so by itself.
    in_order: Final = False
    BELIEVED_SECONDS: ClassVar = 60.0

    def __init__(self, group: Cluster, limits: Limits, clock: Callable[[], float], link_to: LinkTo) -> None:
        super().__init__(limits, clock)
        self._group = group
        self._link_to = link_to

    @property
    def endpoint(self) -> Endpoint:
        return self._group.entrances[0]

    async def _ask(self, known: Slots | None) -> Slots:
        """The nodes that the Queue names, and where none of them answers, those that were there before."""
        try:
            return await self._newest(self._group.entrances)
        except BrokerError as error:
            if known is None or not error.passes:
                raise
        return await self._newest(known.nodes)

    async def _newest(self, nodes: Sequence[Endpoint]) -> Slots:
        return await opinions.newest([_opinion(self._link_to(node), self._group) for node in nodes], "no node tells")

    async def _ask_by(self, word: Slots, questions: Questions) -> Answers:
        errands = [
            [[_Errand(number, command, node) for node in word.of(command)] for command in question]
            for number, question in enumerate(questions)
        ]
        if await self._settle([one for question in errands for command in question for one in command]):
            self._doubted = None
        else:
            self._doubted = word
        return [
            [everywhere.merged(command[0].command, [one.reply for one in command]) for command in question]
            for question in errands
        ]

    async def _settle(self, errands: Sequence[_Errand]) -> bool:
        """Runs them all, and says whether nothing was elsewhere than it was thought to be."""
        settled = True
        for _ in range(HOPS):
            await self._run(errands)
            settled = settled and not any(errand.surprises for errand in errands)
            errands = [errand for errand in errands if self._sent_on(errand)]
            if not errands:
                return settled
        node = errands[0].node
        raise BrokerUnreachable(f"slots are moving: {node.host}:{node.port} was named last of {HOPS} for one of them")

    def _sent_on(self, errand: _Errand) -> bool:
        reply = errand.reply
        if not isinstance(reply, AskError):
            return False
        errand.asking = not isinstance(reply, MovedError)
        errand.node = self._group.named(str(reply.host).lower() or errand.node.host, reply.port)
        return True

    async def _run(self, errands: Sequence[_Errand]) -> None:
        trips = [self._trip(node, own) for node, own in _by(errands, lambda errand: errand.node).items()]
        for outcome in await asyncio.gather(*trips, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _trip(self, node: Endpoint, errands: Sequence[_Errand]) -> None:
        """Question by question, for each of which an answer is bounded."""
        parts = list(_by(errands, lambda errand: errand.question).values())
        asked = [[command for errand in part for command in errand.commands] for part in parts]
        for part, replies in zip(parts, await self._link_to(node).ask_together(asked), strict=True):
            given = iter(replies)
            for errand in part:
                errand.reply = [next(given) for _ in errand.commands][-1]


async def _opinion(link: Link, group: Cluster) -> Opinion[Slots]:
    ranges, facts = await link.ask(("CLUSTER", "SLOTS"), ("CLUSTER", "INFO"))
    if isinstance(ranges, ResponseError):
        raise refusals.of_reply(ranges, "CLUSTER SLOTS", link.endpoint)
    return Opinion(slots.epoch(facts), slots.read(ranges, group, link.endpoint))


def _by(errands: Iterable[_Errand], key: Callable[[_Errand], K]) -> Mapping[K, list[_Errand]]:
    found: defaultdict[K, list[_Errand]] = defaultdict(list)
    for errand in errands:
        found[key(errand)].append(errand)
    return found
