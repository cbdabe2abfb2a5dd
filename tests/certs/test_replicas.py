"""Which replicas are asked for their certificate, and what is said when one would not be trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from certs.handshake import HandshakeError
from certs.replicas import Address, addresses, why_not_verified
from kube.client import Client
from tests.cluster.cluster import Cluster

HTTPS = [{"name": "https", "port": 9443}, {"name": "metrics", "port": 8080}]


def endpoint_slice(*endpoints: tuple[str, bool | None], ports: list[dict[str, Any]] = HTTPS) -> dict[str, Any]:
    """Endpoints are given as address and whether they serve; None says nothing about it."""
    return {
        "ports": ports,
        "endpoints": [
            {"addresses": [host]} | ({} if serving is None else {"conditions": {"serving": serving}})
            for host, serving in endpoints
        ],
    }


@pytest.mark.parametrize(
    ("slices", "want_hosts"),
    [
        pytest.param([], [], id="no slice, no replica"),
        pytest.param([endpoint_slice(("10.0.0.2", True), ("10.0.0.1", True))], ["10.0.0.1", "10.0.0.2"], id="two"),
        pytest.param(
            [endpoint_slice(("10.0.0.1", True))] * 2, ["10.0.0.1"], id="one in two slices, as while they move"
        ),
        pytest.param([endpoint_slice(("10.0.0.1", False))], [], id="one that serves nobody"),
        pytest.param([endpoint_slice(("10.0.0.1", None))], ["10.0.0.1"], id="one of which nothing is known"),
        pytest.param([endpoint_slice(("10.0.0.1", True), ports=HTTPS[1:])], [], id="a slice without the port"),
        pytest.param([{"ports": None, "endpoints": None}], [], id="an empty slice as the API server writes it"),
    ],
)
def test_addresses(slices: list[dict[str, Any]], want_hosts: list[str]) -> None:
    assert addresses(slices) == tuple(Address(host, 9443) for host in want_hosts)


@pytest.mark.control_plane
async def test_every_replica_behind_the_service_is_asked(
    client: Client, control_plane: Cluster, namespace: str
) -> None:
    for name, service, host in (("a", "hook", "10.0.0.1"), ("b", "hook", "10.0.0.2"), ("c", "other", "10.0.0.3")):
        manifest = endpoint_slice((host, True)) | {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4",
        }
        control_plane.kubectl("create", "-n", namespace, "-f-", stdin=json.dumps(manifest))
    asked: list[tuple[str, str]] = []

    async def verify(host: str, port: int, name: str, bundle: bytes) -> None:
        asked.append((host, name))
        if bundle != b"new" or host == "10.0.0.2":
            raise HandshakeError(f"{host}:{port} as {name}: unable to get local issuer certificate")

    why = await why_not_verified(client, namespace, "hook", b"new", verify)
    name = f"hook.{namespace}.svc"
    assert sorted(asked) == [("10.0.0.1", name), ("10.0.0.2", name)]
    assert why == f"10.0.0.2:9443 as {name}: unable to get local issuer certificate"
    assert (await why_not_verified(client, namespace, "hook", b"old", verify)).endswith(" and 1 more")
