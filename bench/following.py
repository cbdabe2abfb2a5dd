"""What happens to objects of a kind while a bench runs, told by the informer that the product itself uses."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

from kube.client import Client
from kube.informer import Alive, Put, Remove, Reset, follow
from kube.resources import Resource

LOOK_SECONDS: Final = 0.2
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
    async for change in follow(client, resource, namespace, selector):
        match change:
            case Reset(objects):
                for obj in objects:
                    saw(obj)
            case Put(obj):
                saw(obj)
            case Remove(obj):
                saw(obj, gone=True)
            case Alive():
                continue
