"""Kubeconfig files with everything inside them."""

from __future__ import annotations

import base64
import json

from tests.cluster.certificates import KeyPair


def render(server: str, authority: bytes, client: KeyPair) -> str:
    """A kubeconfig (YAML, as JSON) for one user of one server."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "headgate-test",
        "clusters": [
            {"name": "headgate-test", "cluster": {"server": server, "certificate-authority-data": _base64(authority)}}
        ],
        "users": [
            {
                "name": "headgate-test",
                "user": {
                    "client-certificate-data": _base64(client.certificate),
                    "client-key-data": _base64(client.key),
                },
            }
        ],
        "contexts": [{"name": "headgate-test", "context": {"cluster": "headgate-test", "user": "headgate-test"}}],
    }
    return json.dumps(config, indent=2) + "\n"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
