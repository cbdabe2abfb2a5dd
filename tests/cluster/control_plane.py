"""etcd, kube-apiserver and kube-controller-manager: enough for admission, conversion, deletes and children.

Each has its own state folder and free ports, so several run at once. On loopback the API server publishes no
endpoint for the `kubernetes` Service (a loopback address is refused there); with a node it listens on the bridge.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import binaries, processes
from tests.cluster.api import Api
from tests.cluster.errors import DiedError
from tests.cluster.keys import Keys
from tests.cluster.ports import free_port
from tests.cluster.state import State

SERVICE_RANGE: Final = "10.96.0.0/16"
# The default of 20 requests a second would make tests wait for the controllers.
UNTHROTTLED: Final = ("--kube-api-qps=500", "--kube-api-burst=1000")
# The first thing that a working controller manager makes.
_SIGN_OF_LIFE: Final = "/api/v1/namespaces/default/serviceaccounts/default"
_READY_SECONDS: Final = 240.0
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between the profiles."""

    address: str = "127.0.0.1"
    controllers: bool = True
    """Run kube-controller-manager: namespaces end, garbage is collected, Deployments get pods."""
    apiserver_flags: tuple[str, ...] = ()
    """Further flags of kube-apiserver, such as `--feature-gates=...`."""
    controller_flags: tuple[str, ...] = ()
    """Further flags of kube-controller-manager."""

    @property
    def loopback(self) -> bool:
        return self.address.startswith("127.")


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A ready control plane, as the rest of its cluster needs it."""

    server: str
    keys: Keys
    api: Api


def start(state: State, settings: Settings) -> ControlPlane:
    """Start a control plane in a fresh state folder and wait until it is ready.

    Another process may take a free port before the component has it: then everything is tried again.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _start(state, settings)
        except DiedError as died:
            if "address already in use" not in str(died):
                raise
            processes.stop(state.running().values(), grace_seconds=0)
            shutil.rmtree(state.path / "etcd", ignore_errors=True)
    return _start(state, settings)


def _start(state: State, settings: Settings) -> ControlPlane:
    keys = Keys(state.path / "pki", settings.address)
    etcd_port, server_port = free_port("127.0.0.1"), free_port(settings.address)
    etcd_url, server = f"http://127.0.0.1:{etcd_port}", f"https://{settings.address}:{server_port}"
    state.start("etcd", _etcd(state.path / "etcd", etcd_url))
    state.start("kube-apiserver", _apiserver(keys, settings, etcd_url, server_port))
    keys.kubeconfig(state.kubeconfig, server, "headgate-test-admin", "system:masters")
    api = Api(keys, server)
    state.wait("the API server", ["etcd", "kube-apiserver"], lambda: api.lacks("/readyz"), _READY_SECONDS)
    if settings.controllers:
        config = keys.kubeconfig(state.path / "controller-manager.kubeconfig", server, "system:kube-controller-manager")
        state.start("kube-controller-manager", _controller_manager(keys, settings, config))
        state.wait("the controllers", ["kube-controller-manager"], lambda: api.lacks(_SIGN_OF_LIFE), _READY_SECONDS)
    return ControlPlane(server, keys, api)


def _etcd(data: Path, url: str) -> list[str | Path]:
    # The data is thrown away with the cluster, so a lost fsync loses nothing.
    return [
        binaries.etcd(),
        f"--data-dir={data}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(keys: Keys, settings: Settings, etcd_url: str, port: int) -> list[str | Path]:
    endpoints = "none" if settings.loopback else "lease"
    return [
        binaries.kubernetes("kube-apiserver"),
        f"--etcd-servers={etcd_url}",
        f"--bind-address={settings.address}",
        f"--advertise-address={settings.address}",
        f"--secure-port={port}",
        f"--endpoint-reconciler-type={endpoints}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
        f"--client-ca-file={keys.path('ca.crt')}",
        f"--tls-cert-file={keys.path('apiserver.crt')}",
        f"--tls-private-key-file={keys.path('apiserver.key')}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys.path('service-accounts.crt')}",
        f"--service-account-signing-key-file={keys.path('service-accounts.key')}",
        f"--kubelet-client-certificate={keys.path('apiserver-kubelet-client.crt')}",
        f"--kubelet-client-key={keys.path('apiserver-kubelet-client.key')}",
        f"--kubelet-certificate-authority={keys.path('ca.crt')}",
        # Otherwise `kubectl logs` looks the node's name up in DNS.
        "--kubelet-preferred-address-types=InternalIP",
        *settings.apiserver_flags,
    ]


def _controller_manager(keys: Keys, settings: Settings, config: Path) -> list[str | Path]:
    return [
        binaries.kubernetes("kube-controller-manager"),
        f"--kubeconfig={config}",
        "--secure-port=0",
        "--leader-elect=false",
        *UNTHROTTLED,
        "--use-service-account-credentials",
        f"--root-ca-file={keys.path('ca.crt')}",
        f"--service-account-private-key-file={keys.path('service-accounts.key')}",
        *settings.controller_flags,
    ]
