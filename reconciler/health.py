"""The plain port: is this process alive, is it ready, and its metrics.

`/healthz` fails when a watch is dead while the API server answers otherwise: such a process would go on deciding from a
world that no longer is. While the API server itself is away nothing fails here: a restart would help nobody.
`/readyz` succeeds on a standby too, once its store is complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from reconciler.metrics import Metrics

Check = Callable[[], str]
"""What is wrong, or nothing."""


class Health:
    """The checks of both pages, by name."""

    def __init__(self, alive: Mapping[str, Check], ready: Mapping[str, Check], metrics: Callable[[], Metrics]) -> None:
        self._alive = alive
        self._ready = ready
        self._metrics = metrics

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1024)
        app.router.add_get("/healthz", _page(self._alive))
        app.router.add_get("/readyz", _page(self._ready))
        app.router.add_get("/metrics", self._show_metrics)
        return app

    async def _show_metrics(self, _: web.Request) -> web.Response:
        # A thousand pools are half a second of formatting, during which decisions go on.
        text = await asyncio.to_thread(self._metrics().text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _page(checks: Mapping[str, Check]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A page in the manner of the API server's: a line a check, 503 when one fails."""

    async def show(_: web.Request) -> web.StreamResponse:
        wrong = {name: check() for name, check in checks.items()}
        lines = [f"[-] {name}: {what}" if what else f"[+] {name}" for name, what in wrong.items()]
        return web.Response(text="\n".join(lines) + "\n", status=503 if any(wrong.values()) else 200)

    return show


@asynccontextmanager
async def served(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """The application on a port, which is yielded: another than asked for where 0 was."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host or None, port).start()
        address: Any = runner.addresses[0]
        yield address[1]
    finally:
        await runner.cleanup()
