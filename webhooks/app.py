"""The HTTP surface: reviews on raw ASGI objects, probes on FastAPI."""

from __future__ import annotations

from fastapi import FastAPI, Response
from starlette.routing import Route

from webhooks.body import gate
from webhooks.endpoint import Decide, ReviewEndpoint
from webhooks.metrics import Metrics
from webhooks.readiness import Readiness

VALIDATE = "/validate"
DEFAULT = "/default"
PATHS = (VALIDATE, DEFAULT)


def create_app(decide: Decide, readiness: Readiness, metrics: Metrics) -> FastAPI:
    """What serves reviews. There is no documentation page and no OpenAPI: the protocol is the API server's."""
    app = FastAPI(title="Headgate admission", openapi_url=None, docs_url=None, redoc_url=None)
    large = gate()
    for path, final in ((VALIDATE, True), (DEFAULT, False)):
        # An instance, not a function: Starlette then passes scope, receive and send through untouched.
        endpoint = ReviewEndpoint(path, decide, large, metrics, final=final)
        app.router.routes.append(Route(path, endpoint, methods=["POST"]))
    add_probes(app, readiness)
    return app


def add_probes(app: FastAPI, readiness: Readiness) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        """The event loop turns."""
        return Response("ok", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(readiness.text(), 200 if readiness.ready else 503, media_type="text/plain")
