"""`headgate webhook`, except that it closes each connection after one answer.

The API server then makes a fresh TLS handshake for every review, with whatever it trusts at that moment; a kept
connection would hide a certificate that is not trusted.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

import webhooks.server
from headgate.cli import main


def closing(app: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_close(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await app(scope, receive, send_and_close)

    return serve


if __name__ == "__main__":
    # The server takes its application from its own namespace, which it does not export.
    plain = webhooks.server.create_app  # type: ignore[attr-defined]
    webhooks.server.create_app = lambda *parts: closing(plain(*parts))  # type: ignore[attr-defined,assignment]
    main()
