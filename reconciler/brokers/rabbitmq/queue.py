"""What RabbitMQ's own numbers of a queue mean. Pure.

`running` is what was delivered and not acknowledged: with what workers have prefetched, and without what they
acknowledge before they run it, so an estimate. A consumer that acknowledges nothing makes it unknown, which is not 0.
It is an account of connections and not of pods, so nothing of it can prove a worker idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.brokers.errors import BrokerLoading, BrokerUnreachable, QueueNotFound
from reconciler.brokers.observation import UNKNOWN_COUNT, Method, Observation, Signal, estimated, exact
from reconciler.brokers.rabbitmq.listing import Listed

LAG_SECONDS: Final = 10.0
"""What a channel counts may come so much later than what its queue does: two reports, and none of ours."""
_DOWN: Final = frozenset({"down", "crashed", "stopped", "minority", "terminated", "noproc"})
"""States in which the last numbers are only repeated."""
AUTOMATIC: Final = "a consumer has its jobs acknowledged on delivery, so nobody knows what it runs"


def observation(
    name: str,
    dead_letters: str,
    known: Mapping[str, Listed],
    automatic: frozenset[str] | None,
    now: float,
    why: str = "",
) -> Observation:
    """`automatic` are the queues whose consumers acknowledge nothing, None where that is not known, for `why`."""
    found = _present(name, known)
    assert found.ready is not None  # noqa: S101 - for the type checker: it is present
    assert found.unacknowledged is not None  # noqa: S101 - as above
    sure = automatic is not None and name not in automatic
    return Observation(
        time=now,
        waiting=exact(found.ready),
        running=estimated(found.unacknowledged) if sure else UNKNOWN_COUNT,
        # Tasks for later are held by workers, and so among the unacknowledged ones.
        due=estimated(0),
        dead_letters=_dead(known.get(dead_letters)),
        finished=found.done,
        counting=Method.ESTIMATED,
        lag=LAG_SECONDS,
        refused="" if sure else why or AUTOMATIC,
    )


def _present(name: str, known: Mapping[str, Listed]) -> Listed:
    found = known.get(name)
    if found is None:
        raise QueueNotFound(f'there is no queue "{name}" in the vhost: whoever uses it has to declare it')
    if found.state in _DOWN:
        raise BrokerUnreachable(f'queue "{name}" is {found.state}, and its last numbers are old')
    if found.ready is None or found.unacknowledged is None:
        raise BrokerLoading(f'queue "{name}" has not reported its numbers to the management plugin yet')
    return found


def _dead(found: Listed | None) -> Signal[int]:
    return exact(found.messages) if found is not None and found.messages is not None else UNKNOWN_COUNT
