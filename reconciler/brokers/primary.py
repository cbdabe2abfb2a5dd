"""A link to whom the sentinels name, also after they have named another.

Every trip asks the server for its role over the same connection, so an answer counts only with the word of the one that
gave it that it is the primary: a connection that was lost may come back to a server that has been made a replica. The
sentinels' word is refreshed as it ages, for a primary that is cut off from them does not know that it is none any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from reconciler.brokers import sentinels
from reconciler.brokers.connect import Limits
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import BrokerUnreachable
from reconciler.brokers.group_link import Answers, GroupLink, LinkTo, Questions
from reconciler.brokers.groups import Sentinels
from reconciler.brokers.questions import Command

_ROLE: Final[Command] = ("ROLE",)


class PrimaryLink(GroupLink[Endpoint]):
    # In a failover that somebody asked for, the old primary goes on as one for some ten seconds.
    in_order: Final = True
    BELIEVED_SECONDS: ClassVar = 3.0

    def __init__(self, group: Sentinels, limits: Limits, clock: Callable[[], float], link_to: LinkTo) -> None:
        super().__init__(limits, clock)
        self._group = group
        self._link_to = link_to

    @property
    def endpoint(self) -> Endpoint:
        """The primary as it was last named; a login without a host before that."""
        return self._known or self._group.login

    async def _ask(self, known: Endpoint | None) -> Endpoint:
        return await sentinels.primary(self._group, self._link_to)

    async def _ask_by(self, word: Endpoint, questions: Questions) -> Answers:
        *answers, (role,) = await self._link_to(word).ask_together([*questions, (_ROLE,)])
        # Who may not ask for the role gets no list, and relies on the sentinels alone.
        if isinstance(role, list) and role[:1] != [b"master"]:
            raise BrokerUnreachable(f"{word.host}:{word.port} is a replica, and no sentinel names its primary yet")
        self._doubted = None
        return answers
