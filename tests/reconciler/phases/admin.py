"""The HTTP side of the one worker on a played node, for a worker that tells nothing else."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.reconciler.phases.played import Played


class Admin:
    """`asked` are the requests, in their order. A drain asked for here counts beside the one on the pod."""

    def __init__(self, node: Played) -> None:
        self.node = node
        self.asked: list[str] = []
        self.asked_to_drain = False
        admin = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def _answer(self) -> None:
                admin.asked.append(f"{self.command} {self.path}")
                admin.asked_to_drain |= self.command == "POST"
                text = json.dumps(admin.record()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - names of the base class's

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="admin side")

    def __enter__(self) -> Admin:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def record(self) -> dict[str, object]:
        (worker,) = self.node.workers.values()
        idle = worker.latched and not worker.busy
        asked = self.asked_to_drain
        return {
            "instance": f"{worker.pod}.00000001",
            "pod": worker.pod,
            "podUID": worker.uid,
            "time": None,
            "state": "Drained" if asked and idle else "Draining" if asked else "Running",
            "fetching": 0 if worker.latched else 1,
            "running": int(worker.busy),
            "started": worker.completed + worker.busy,
            "completed": worker.completed,
        }
