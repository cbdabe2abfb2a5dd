"""The agent as a process: from its variables until SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from headgate.agent import building
from headgate.agent.loop import Agent
from headgate.agent.places import Configuration

log = logging.getLogger("headgate.agent")

ROUND_SECONDS: Final = 1.0
BLIND_ROUNDS: Final = 10


def run(environment: Mapping[str, str]) -> None:
    """Begins with `headgate-wait` in the shared folder, because the worker's container may start after that."""
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: ended.set())
    building.install(Path(environment["HEADGATE_RUN"]))
    who = building.identity(environment)
    agent: Agent | None = None
    while not ended.is_set():
        began = time.monotonic()
        found = _configuration(Path(environment["HEADGATE_CONFIG"]))
        if found is not None and (agent is None or agent.configuration != found):
            agent = _changed(environment, found, agent, who)
        if agent is not None:
            agent.step()
            # The credentials may have been changed; files are read where a link is made.
            agent = None if agent.blind >= BLIND_ROUNDS else agent
        ended.wait(max(0.1, ROUND_SECONDS - (time.monotonic() - began)))
    if agent is not None:
        agent.leave()


def _changed(environment: Mapping[str, str], found: Configuration, agent: Agent | None, who: building.Who) -> Agent:
    if agent is not None and agent.configuration.places == found.places:
        agent.configuration = found
        return agent
    if agent is not None:
        agent.leave()
    made = building.build(environment, found, who)
    made.tidy()
    return made


def _configuration(path: Path) -> Configuration | None:
    try:
        return building.read(path)
    except (OSError, ValueError) as error:
        log.warning("the configuration cannot be read: %s", error)
        return None
