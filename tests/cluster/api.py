"""The few questions that starting a cluster puts to its API server."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from tests.cluster.keys import Keys


class NotYetError(Exception):
    """The server does not answer so yet; the text says what it said instead."""


class Api:
    """The API server, asked as its administrator."""

    def __init__(self, keys: Keys, server: str) -> None:
        self._server = server
        tls = ssl.create_default_context(cadata=keys.authority.certificate.decode())
        keys.write("administrator", keys.authority.issue("headgate-test-starter", "system:masters"))
        tls.load_cert_chain(keys.path("administrator.crt"), keys.path("administrator.key"))
        # No proxy of the environment may stand between us and loopback.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
        )

    def get(self, path: str) -> Any:
        """The object at `path`; NotYetError for any other answer or none."""
        return json.loads(self._read(path))

    def lacks(self, path: str) -> str | None:
        """What the server says instead of 200 for `path`, or None."""
        try:
            self._read(path)
        except NotYetError as error:
            return str(error)
        return None

    def create(self, path: str, content: object) -> None:
        """POST an object to its collection."""
        self._read(path, json.dumps(content).encode())

    def _read(self, path: str, sent: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._server + path, sent, headers)  # noqa: S310 - our own https address
        try:
            with self._opener.open(request, timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise NotYetError(f"{path}: HTTP {error.code}: {error.read(500).decode(errors='replace')}") from None
        except OSError as error:
            raise NotYetError(f"{path}: {error}") from None
