"""The HTTP surface: reviews on raw ASGI objects, probes on FastAPI."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import Route

from webhooks.body import gate
from webhooks.endpoint import Decide, ReviewEndpoint
from webhooks.metrics import Metrics
from webhooks.readiness import Readiness

VALIDATE: Final = "/validate"
DEFAULT: Final = "/default"
PATHS: Final = (VALIDATE, DEFAULT)


def create_app(decide: Decide, readiness: Readiness, metrics: Metrics) -> FastAPI:
    """What serves reviews, over TLS."""
    app = _app("Headgate admission", readiness)
    large = gate()
    for path, final in ((VALIDATE, True), (DEFAULT, False)):
        # An instance, not a function: Starlette then passes scope, receive and send through untouched.
        endpoint = ReviewEndpoint(path, decide, readiness, large, metrics, final=final)
        app.router.routes.append(Route(path, endpoint, methods=["POST"]))
    return app


def create_side_app(readiness: Readiness, metrics: Metrics) -> FastAPI:
    """What serves probes and Prometheus, on a port of its own and without TLS."""
    app = _app("Headgate admission, for operators", readiness)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _app(title: str, readiness: Readiness) -> FastAPI:
    # No documentation page and no OpenAPI: the protocol is the API server's.
    # A redirect from /validate/ would be no verdict, so there is none.
    app = FastAPI(title=title, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.get("/healthz")
    async def healthz() -> Response:
        """The event loop turns."""
        return Response("ok", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(readiness.text(), 200 if readiness.ready else 503, media_type="text/plain")

    return app
