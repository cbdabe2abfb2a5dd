"""An agent from the variables and files of its pod."""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from headgate.agent.connecting import Link, connect, database
from headgate.agent.loop import Agent, Files
from headgate.agent.places import Broker, Configuration, Place, configuration
from headgate.agent.record import Identity
from headgate.agent.speakers import Speaker
from headgate.agent.speakers.celery import Celery
from headgate.agent.speakers.child import Child, RQWorkers
from headgate.agent.speakers.pidbox import Pidbox
from headgate.agent.speakers.sidekiq import Sidekiq

Who: TypeAlias = Callable[[str], Identity]
"""Who the agent speaks for, at a generation of the configuration."""
WAIT: Final = "headgate-wait"
MOST_CONFIGURATION_BYTES: Final = 4 * 1024 * 1024


def identity(environment: Mapping[str, str]) -> Who:
    """Who the agent speaks for, with an instance of its own."""
    pod = environment["HEADGATE_POD"]
    instance = f"{pod}.{secrets.token_hex(4)}"
    return lambda generation: Identity(instance, pod, environment["HEADGATE_POD_UID"], generation)


def files(environment: Mapping[str, str]) -> Files:
    return Files(Path(environment["HEADGATE_DRAIN_REQUEST"]), Path(environment["HEADGATE_RUN"]))


def install(run: Path) -> None:
    """Puts `headgate-wait` where the worker's container finds it, whole or not at all."""
    partial = run / f"{WAIT}.new"
    shutil.copyfile(Path(__file__).parent / WAIT, partial)
    partial.chmod(0o755)
    partial.replace(run / WAIT)


def read(path: Path) -> Configuration:
    """Raises OSError and ValueError."""
    with path.open("rb") as file:
        return configuration(file.read(MOST_CONFIGURATION_BYTES).decode())


def build(environment: Mapping[str, str], found: Configuration, who: Who) -> Agent:
    shared = files(environment)
    links = {place.broker: connect(place.broker) for place in found.places}
    host = environment.get("HEADGATE_HOST") or socket.gethostname()
    node = environment.get("AGENT_CELERY_NODE", "celery@%h").replace("%h", host)
    speakers = [_speaker(broker, found, links[broker], shared, host, node) for broker in links]
    return Agent(who, found, links, speakers, shared)


def _speaker(broker: Broker, found: Configuration, link: Link, shared: Files, host: str, node: str) -> Speaker:
    places = [place for place in found.places if place.broker == broker]
    first: Place = places[0]
    match first.layout:
        case "Celery":
            pidbox = Pidbox(link, f"headgate.{host}", database(broker), first.prefix)
            return Celery(pidbox, node, [place.queue for place in places])
        case "Sidekiq":
            return Sidekiq(link, host, first.prefix)
        case "RQ":
            return Child(shared.run / "state", RQWorkers(link, host, first.prefix or "rq:"))
        case _:
            return Child(shared.run / "state")
