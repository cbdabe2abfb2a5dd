"""The HTTP surface: reviews on raw ASGI objects, probes on FastAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from webhooks.body import gate
from webhooks.endpoint import Decide, Preview, ReviewEndpoint, nothing_to_preview
from webhooks.metrics import Metrics
from webhooks.protocol import Endpoint
from webhooks.readiness import Readiness

App = TypeVar("App", bound=FastAPI)

VALIDATE: Final = "/validate"
DEFAULT: Final = "/default"
PATHS: Final = (VALIDATE, DEFAULT)
PLAIN: Final[dict[str, Any]] = {"openapi_url": None, "docs_url": None, "redoc_url": None, "redirect_slashes": False}
"""No documentation page: the protocol is the API server's. And no redirect from /validate/: it would be no verdict."""


class AdmissionApp(FastAPI):
    """FastAPI, with the reviews taken before its middleware.

    Telemetry, error pages and routing take longer than a decision does, and a review must not meet any of them. The
    endpoints are routes all the same, so that other methods get 405.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint], **options: Any) -> None:
        super().__init__(**options)
        self.endpoints = endpoints
        for path, endpoint in endpoints.items():
            # An instance, not a function: Starlette then passes scope, receive and send through untouched.
            self.router.routes.append(Route(path, endpoint, methods=["POST"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and (found := self.endpoints.get(scope["path"])):
            await found(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    decide: Decide, readiness: Readiness, metrics: Metrics, preview: Preview = nothing_to_preview
) -> AdmissionApp:
    """What serves reviews, over TLS."""
    large = gate()
    endpoints = {
        path: ReviewEndpoint(path, decide, readiness, large, metrics, final=final, preview=preview)
        for path, final in ((VALIDATE, True), (DEFAULT, False))
    }
    return with_probes(AdmissionApp(endpoints, title="Headgate admission", **PLAIN), readiness)


def create_side_app(readiness: Readiness, metrics: Metrics) -> FastAPI:
    """What serves probes and Prometheus, on a port of its own and without TLS."""
    app = with_probes(FastAPI(title="Headgate admission, for operators", **PLAIN), readiness)

    @app.get("/metrics")
    async def show_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app


def with_probes(app: App, readiness: Readiness) -> App:
    @app.get("/healthz")
    async def healthz() -> Response:
        """The event loop turns."""
        return Response("ok", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(readiness.text(), 200 if readiness.ready else 503, media_type="text/plain")

    return app
