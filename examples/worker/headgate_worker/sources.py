"""The sources of the configuration in force, and those on their way out.

A queue whose place at the broker changed becomes a new source. The old one takes nothing more; once its last job has
ended it removes its record and closes, and only then does the new one begin: both would use the same record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .config import Config, ConfigError, QueueConfig
from .source import Clock, Source
from .turns import weighted


class Sources:
    """`serve` is called once with each new source; whoever serves it calls `forget` when it has left."""

    def __init__(self, instance: str, clock: Clock, serve: Callable[[Source], object]) -> None:
        self._instance, self._clock, self._serve = instance, clock, serve
        self._live: list[Source] = []
        self._all: list[Source] = []

    def live(self) -> Sequence[Source]:
        """The sources jobs may be taken from, strictest first."""
        return tuple(self._live)

    def all(self) -> Sequence[Source]:
        """Those on their way out included."""
        return tuple(self._all)

    def rank(self, source: Source) -> int:
        """Held jobs start by it: those of queues that are taken in turns have the same."""
        if weighted(self._live):
            return 0
        return self._live.index(source) if source in self._live else len(self._live)

    def announce(self) -> None:
        """Has every status record written now."""
        for source in self._all:
            source.announce.ring()

    def forget(self, source: Source) -> None:
        self._all.remove(source)

    def follow(self, config: Config) -> None:
        """Changes over to a configuration; raises ConfigError, and changes nothing, when it can't be served."""
        kept = {source.queue.identity: source for source in self._live}
        sources = [kept.get(queue.identity) or self._new(queue) for queue in config.queues]
        _refuse_twins(sources)
        for source in self._live:
            if source not in sources:
                source.retired.set()
        self._live = sources
        for source, queue in zip(sources, config.queues, strict=True):
            source.follow(queue)
            if source not in self._all:
                self._all.append(source)
                self._serve(source)

    def _new(self, queue: QueueConfig) -> Source:
        earlier = [source for source in self._all if source.name == queue.name]
        return Source(queue, self._instance, self._clock, earlier[-1] if earlier else None)


def _refuse_twins(sources: Sequence[Source]) -> None:
    """Two sources with the same keys would each take the other's jobs in flight for its own lost ones."""
    seen: dict[tuple[object, str], str] = {}
    for source in sources:
        place = (source.broker.address, source.queue.key_prefix + source.queue.queue_name)
        if place in seen:
            raise ConfigError(f"queues {seen[place]} and {source.name} are the same at the broker")
        seen[place] = source.name
