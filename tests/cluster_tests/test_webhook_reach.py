"""The API server calls webhooks that listen on loopback, which is where tests run them."""

from __future__ import annotations

import base64
import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cluster.certificates import Authority
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane


class Refuses(BaseHTTPRequestHandler):
    """An admission webhook that refuses everything it is asked about."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = {"message": "refused by the webhook on loopback"}
        review["response"] = {"uid": review["request"]["uid"], "allowed": False, "status": status}
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """The test's output is not the place."""


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[dict[str, str]]:
    authority = Authority("webhook", datetime.datetime.now(datetime.UTC))
    leaf = authority.issue("webhook", sans=("127.0.0.1",))
    (tmp_path / "tls.pem").write_bytes(leaf.certificate + leaf.key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "tls.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield {
            "url": f"https://127.0.0.1:{server.server_address[1]}/validate",
            "caBundle": base64.b64encode(authority.certificate).decode(),
        }
        server.shutdown()
        thread.join()


def test_a_webhook_on_loopback_is_asked(control_plane: Cluster, namespace: str, webhook: dict[str, str]) -> None:
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [
            {
                "name": "refuses.headgate.dev",
                "clientConfig": webhook,
                "rules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
                ],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "matchConditions": [{"name": "asked-for", "expression": "object.metadata.name == 'judged'"}],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }
    control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(configuration))
    try:
        with pytest.raises(RuntimeError, match="refused by the webhook on loopback"):
            _create_until_refused(control_plane, namespace)
    finally:
        control_plane.kubectl("delete", "validatingwebhookconfiguration", namespace)


def _create_until_refused(cluster: Cluster, namespace: str) -> None:
    """The API server takes a moment to see a new configuration."""
    for _ in range(100):
        cluster.kubectl("create", "configmap", "-n", namespace, "judged")
        cluster.kubectl("delete", "configmap", "-n", namespace, "judged")
