"""What the HTTP side answers.

`time` in a record is that of its last write at a broker, so it never says more than that.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from .admin import Answer, Request
from .worker import Worker

ASKER: Final = "http"


class Routes:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def handle(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/status":
                return HTTPStatus.OK, self._record()
            case "GET", "/ready":
                ready = self._worker.ready
                return HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, {"ready": ready}
            case "POST", "/drain":
                return self._drain(request)
            case "DELETE", "/drain":
                self._worker.latch.withdraw(ASKER)
                return HTTPStatus.OK, self._record()
            case _, "/status" | "/ready" | "/drain":
                return HTTPStatus.METHOD_NOT_ALLOWED, {"error": f"{request.method} is not for {request.path}"}
        return HTTPStatus.NOT_FOUND, {"error": "there are /status, /drain and /ready"}

    def _drain(self, request: Request) -> Answer:
        try:
            content = json.loads(request.body or b"{}")
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or not isinstance(content.get("reason", ""), str):
            return HTTPStatus.BAD_REQUEST, {"error": 'the body must be {"reason": "..."}'}
        self._worker.latch.request(ASKER, content.get("reason") or "no reason given")
        return HTTPStatus.OK, self._record()

    def _record(self) -> dict[str, Any]:
        times = [source.published["time"] for source in self._worker.sources.all() if source.published]
        return {**self._worker.record().as_dict(), "time": min(times, default=None)}
