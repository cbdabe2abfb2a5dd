"""How a program plugs its own work in: `HEADGATE_HANDLER=module:function`.

The function is called as `handler(job, run)` with the job's JSON object. Returning means done; any exception
means failed, so the job is retried or, when its tries are used up, a dead letter; `GiveUpError` makes it a dead
letter at once. A plain function runs in a thread, a coroutine function in the event loop.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from .connection import Broker


class GiveUpError(Exception):
    """Raised by a handler: running this job again is pointless."""


class HandlerError(Exception):
    """The configured handler can't be loaded."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a handler may know about the run it is in. `attempt` is 1 for the first; `broker` is the queue's own."""

    instance: str
    queue: str
    attempt: int
    broker: Broker


Handler = Callable[[Mapping[str, Any], Run], Awaitable[None]]


def load(name: str, threads: Executor) -> Handler:
    """The handler `module:function`; raises HandlerError."""
    module_name, _, function_name = name.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise HandlerError(f"handler {name!r}: {error}") from error
    if inspect.iscoroutinefunction(function):
        return function  # type: ignore[no-any-return]  # what a plugin's function takes is the plugin's promise
    if not callable(function):
        raise HandlerError(f"handler {name!r}: not a function")

    async def in_thread(job: Mapping[str, Any], run: Run) -> None:
        await asyncio.get_running_loop().run_in_executor(threads, function, job, run)

    return in_thread
