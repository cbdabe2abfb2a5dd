"""The converter: a server of one page without state, without a cluster, and without any right in one.

Its certificate lies in files, which are looked at every ten seconds; a changed one is served from the next connection
on. It is ready as soon as it has one.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import uvloop
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from certs.serving import LiveContext, follow
from certs.sources import FolderSource
from webhooks import logs, serving
from webhooks.app import PLAIN, AdmissionApp, with_probes
from webhooks.body import gate
from webhooks.conversion_metrics import Metrics
from webhooks.convert import ConversionEndpoint
from webhooks.readiness import Need, Readiness
from webhooks.settings import described

CONVERT: Final = "/convert"
MAX_LARGE: Final = 1
"""Bodies larger than one message that are received at once."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """One field a setting; the description is its help on the command line and its line in the documentation."""

    cert_dir: Path = field(metadata=described("Folder with tls.crt and tls.key, read again when they change."))
    host: str = field(default="", metadata=described("Address to listen on. Empty: all, IPv4 and IPv6."))
    port: int = field(default=9443, metadata=described("Port for conversions, over TLS. 0: any free one."))
    metrics_port: int = field(
        default=8080, metadata=described("Port for /metrics, /healthz and /readyz, without TLS. 0: any free one.")
    )
    linger_seconds: float = field(
        default=8.0, metadata=described("How long to serve on after SIGTERM, until no API server calls any more.")
    )
    log_level: str = field(
        default="info", metadata=described("Least level that is logged: debug, info, warning or error.")
    )


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    logs.configure(settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for caught in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(caught, stop.set)
    readiness, metrics, live = Readiness(frozenset({Need.HANDSHAKE})), Metrics(), LiveContext()
    metrics.observe_certificate(live.ends)
    with (
        serving.bind(settings.host, settings.port) as conversions,
        serving.bind(settings.host, settings.metrics_port) as side,
    ):
        servers = [
            serving.reviews(create_app(readiness, metrics), live.context),
            serving.server(create_side_app(readiness, metrics)),
        ]
        async with asyncio.TaskGroup() as group:
            following = group.create_task(_follow(live, settings.cert_dir, readiness))
            for server, bound in zip(servers, (conversions, side), strict=True):
                group.create_task(server.serve([bound]))
            ports = {"port": serving.port_of(conversions), "metrics_port": serving.port_of(side)}
            log.info("listening", extra=ports)
            await stop.wait()
            readiness.stop()
            await asyncio.sleep(settings.linger_seconds)
            for server in servers:
                server.should_exit = True
            following.cancel()
    log.info("stopped")


def create_app(readiness: Readiness, metrics: Metrics) -> AdmissionApp:
    """What the API server calls, over TLS."""
    endpoint = ConversionEndpoint(readiness, metrics, gate(MAX_LARGE))
    return with_probes(AdmissionApp({CONVERT: endpoint}, title="Headgate conversion", **PLAIN), readiness)


def create_side_app(readiness: Readiness, metrics: Metrics) -> FastAPI:
    """What serves probes and Prometheus, on a port of its own and without TLS."""
    app = with_probes(FastAPI(title="Headgate conversion, for operators", **PLAIN), readiness)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


async def _follow(live: LiveContext, folder: Path, readiness: Readiness) -> NoReturn:
    async def looked(seconds: float) -> None:
        if live.served is not None:
            readiness.meet(Need.HANDSHAKE)
        await asyncio.sleep(seconds)

    await follow(live, FolderSource(folder), sleep=looked)
