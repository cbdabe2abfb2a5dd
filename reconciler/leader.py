"""Only the leader works. A standby keeps its store warm; a leader whose Lease another has taken ends its process.

Ending the process is the one way to be sure that nothing of an old term goes on: the kubelet starts it again. Until
then the fence refuses every write, also of a pass that was frozen while another process took over. It refuses them just
so while the Lease cannot be renewed, as when the API server is away; if nobody takes it meanwhile, the term goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from kube.client import Client, Object
from kube.config import Connection
from kube.errors import Unreachable
from kube.lease import LeaderElection

log = logging.getLogger(__name__)


class FencedClient(Client):
    """A client that reads at any time and writes only while `leading()`; else it raises Unreachable.

    No more than `at_once` of its requests are under way: the others wait here, where they cost the server nothing.
    """

    def __init__(self, connection: Connection, leading: Callable[[], bool], at_once: int = 32, **options: Any) -> None:
        super().__init__(connection, **options)
        self._leading = leading
        self._places = asyncio.Semaphore(at_once)

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> Object:
        async with self._places:
            if method != "GET" and not self._leading():
                raise Unreachable(f"{method} {path} is not sent: this process does not hold the Lease at present")
            return await super()._send(method, path, params, body, content_type, accept)


async def lead(
    election: LeaderElection,
    work: Callable[[], Coroutine[Any, Any, None]],
    stop: asyncio.Event,
    regained: Callable[[], object] = lambda: None,
) -> None:
    """Wait for the Lease, work until `stop` is set and `work` has ended, then release the Lease.

    `regained` is called whenever the Lease was renewed after that had failed. Raises LeadershipLost when the Lease is
    lost on the way, and whatever `work` raises.
    """
    if not await _first(election.acquire(), stop.wait()):
        return
    working = asyncio.create_task(work(), name="work of the leader")
    keeping = asyncio.create_task(election.keep(regained), name="renewal of the Lease")
    try:
        await asyncio.wait((working, keeping), return_when=asyncio.FIRST_COMPLETED)
        for ended in (keeping, working):
            if ended.done():
                ended.result()
    finally:
        await _cancel(working, keeping)
    await election.release()


async def _first(one: Coroutine[Any, Any, Any], other: Coroutine[Any, Any, Any]) -> bool:
    """Wait for either; True where `one` ended, which then was not cancelled."""
    tasks = (asyncio.create_task(one), asyncio.create_task(other))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        done = tasks[0].done()
        await _cancel(*(task for task in tasks if not task.done()))
    if done:
        tasks[0].result()
    return done


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
