"""What happens to objects of a kind while a bench runs, told by the informer that the product itself uses."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

from kube.backoff import Backoff
from kube.client import Client
from kube.informer import Alive, Change, Pace, Put, Remove, Reset, follow
from kube.resources import Resource

LOOK_SECONDS: Final = 0.2
EAGER: Final = Pace(Backoff(maximum=1.0))
"""A server that was away is asked every second: what is measured is when things happen, not when they were seen."""
LAST_SECONDS: Final = 3.0
"""For what has happened before the end and was not told yet."""


class Saw(Protocol):
    """Is told of every object that is there, changes or goes."""

    def __call__(self, obj: Mapping[str, Any], /, *, gone: bool = False) -> None: ...


async def follow_until(
    stop: threading.Event, client: Client, resource: Resource, namespace: str, saw: Saw, selector: str = ""
) -> None:
    telling = asyncio.create_task(_tell(client, resource, namespace, saw, selector))
    while not (stop.is_set() or telling.done()):
        await asyncio.wait({telling}, timeout=LOOK_SECONDS)
    await asyncio.wait({telling}, timeout=LAST_SECONDS)
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling


async def _tell(client: Client, resource: Resource, namespace: str, saw: Saw, selector: str) -> None:
    known: dict[str, Mapping[str, Any]] = {}
    async for change in follow(client, resource, namespace, selector, pace=EAGER):
        tell(known, change, saw)


def tell(known: dict[str, Mapping[str, Any]], change: Change, saw: Saw) -> None:
    """`known` is what was there before, by uid. What is missed while the server is away is missing when it is back."""
    match change:
        case Reset(objects):
            here = {_uid(obj): obj for obj in objects}
            for uid in known.keys() - here.keys():
                saw(known.pop(uid), gone=True)
            for obj in objects:
                tell(known, Put(obj), saw)
        case Put(obj):
            known[_uid(obj)] = obj
            saw(obj)
        case Remove(obj):
            known.pop(_uid(obj), None)
            saw(obj, gone=True)
        case Alive():
            pass


def _uid(obj: Mapping[str, Any]) -> str:
    return str(obj["metadata"]["uid"])
