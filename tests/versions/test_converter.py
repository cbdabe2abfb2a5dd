"""The converter as a process: a changed certificate needs no restart, and it leaves without dropping anybody."""

from __future__ import annotations

import json
import signal
import ssl
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from crds import meta
from tests.cluster.waiting import until
from tests.crds import beta
from tests.webhooks.install import certificates, running

REVIEW: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "ConversionReview",
    "request": {"uid": "1", "desiredAPIVersion": meta.API_VERSION, "objects": [beta.queue()]},
}


def asked(port: int, authority: bytes) -> tuple[str, str]:
    """(what became of the object, whether the connection stays) over a connection that trusts `authority` alone."""
    trusting = ssl.create_default_context(cadata=authority.decode())
    connection = HTTPSConnection("localhost", port, context=trusting, timeout=10)
    connection.request("POST", "/convert?timeout=5s", json.dumps(REVIEW), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    response = json.loads(answer.read())["response"]
    connection.close()
    return response["convertedObjects"][0]["apiVersion"], answer.headers.get("connection", "stays")


def why_not(port: int, authority: bytes) -> str | None:
    try:
        asked(port, authority)
    except OSError as error:
        return str(error)
    return None


def test_a_changed_certificate_is_served_from_the_next_connection_on(tmp_path: Path) -> None:
    first = certificates(tmp_path, "localhost")
    with running(tmp_path, f"--cert-dir={tmp_path}", server="converter") as (_, ports, _):
        until("the first certificate is served", lambda: why_not(ports["port"], first), 20)

        second = certificates(tmp_path, "localhost")

        until("the second certificate is served", lambda: why_not(ports["port"], second), 40)
        assert "CERTIFICATE_VERIFY_FAILED" in str(why_not(ports["port"], first))


def test_it_serves_on_after_it_was_told_to_stop(tmp_path: Path) -> None:
    authority = certificates(tmp_path, "localhost")
    with running(tmp_path, f"--cert-dir={tmp_path}", "--linger-seconds=5", server="converter") as (process, ports, _):
        until("the certificate is served", lambda: why_not(ports["port"], authority), 20)
        assert asked(ports["port"], authority) == (meta.API_VERSION, "stays")

        process.send_signal(signal.SIGTERM)
        until("it says that it stops", lambda: probed(ports["metrics_port"]), 10)

        assert asked(ports["port"], authority) == (meta.API_VERSION, "close")
        assert process.wait(30) == 0


def probed(port: int) -> str | None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return str(response.read().decode())
    except HTTPError as error:
        text = error.read().decode()
        return None if text == "stopping" else text
