"""etcd, kube-apiserver and kube-controller-manager: enough for admission, conversion, deletes and children.

Each has its own state folder and free ports, so several run at once. On loopback the API server publishes no
endpoint for the `kubernetes` Service (a loopback address is refused there); with a node it listens on the bridge.
"""

from __future__ import annotations

import datetime
import shutil
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import binaries, cache, kubeconfig, processes
from tests.cluster.certificates import Authority, KeyPair, signing_key
from tests.cluster.errors import DiedError
from tests.cluster.state import State

SERVICE_RANGE: Final = "10.96.0.0/16"
_KUBERNETES_SERVICE: Final = "10.96.0.1"
_READY_SECONDS: Final = 60.0
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between the profiles."""

    address: str = "127.0.0.1"
    controllers: bool = True
    """Run kube-controller-manager: namespaces end, garbage is collected, Deployments get pods."""
    apiserver_flags: tuple[str, ...] = ()
    """Further flags of kube-apiserver, such as `--feature-gates=...`."""

    @property
    def loopback(self) -> bool:
        return self.address.startswith("127.")


class Keys:
    """The authority of one cluster and the files its components read."""

    def __init__(self, folder: Path, address: str) -> None:
        self.authority = Authority("headgate-test", datetime.datetime.now(datetime.UTC))
        self._folder = folder
        cache.write(folder / "ca.crt", self.authority.certificate)
        names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
        self.write(
            "apiserver",
            self.authority.issue("kube-apiserver", sans=(*names, "127.0.0.1", _KUBERNETES_SERVICE, address)),
        )
        self.write("apiserver-kubelet-client", self.authority.issue("kube-apiserver-kubelet-client", "system:masters"))
        self.write("service-accounts", signing_key())

    def write(self, name: str, pair: KeyPair) -> None:
        cache.write(self._folder / f"{name}.crt", pair.certificate)
        cache.write(self._folder / f"{name}.key", pair.key, mode=0o600)

    def path(self, name: str) -> Path:
        return self._folder / name

    def kubeconfig(self, path: Path, server: str, common_name: str, organization: str = "") -> Path:
        user = self.authority.issue(common_name, organization)
        return cache.write(path, kubeconfig.render(server, self.authority.certificate, user), mode=0o600)


def start(state: State, settings: Settings) -> str:
    """Start a control plane in a fresh state folder; returns the server's URL once it is ready.

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


def _start(state: State, settings: Settings) -> str:
    keys = Keys(state.path / "pki", settings.address)
    etcd_port, server_port = _free_port("127.0.0.1"), _free_port(settings.address)
    etcd_url, server = f"http://127.0.0.1:{etcd_port}", f"https://{settings.address}:{server_port}"
    state.start("etcd", _etcd(state.path / "etcd", etcd_url))
    state.start("kube-apiserver", _apiserver(keys, settings, etcd_url, server_port))
    keys.kubeconfig(state.kubeconfig, server, "headgate-test-admin", "system:masters")
    probe = _Probe(keys, server)
    state.wait("the API server", ["etcd", "kube-apiserver"], probe.ready, _READY_SECONDS)
    if settings.controllers:
        config = keys.kubeconfig(state.path / "controller-manager.kubeconfig", server, "system:kube-controller-manager")
        state.start("kube-controller-manager", _controller_manager(keys, config))
        state.wait("the controllers", ["kube-controller-manager"], probe.default_service_account, _READY_SECONDS)
    return server


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


def _controller_manager(keys: Keys, config: Path) -> list[str | Path]:
    return [
        binaries.kubernetes("kube-controller-manager"),
        f"--kubeconfig={config}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--root-ca-file={keys.path('ca.crt')}",
        f"--service-account-private-key-file={keys.path('service-accounts.key')}",
    ]


class _Probe:
    """Asks the API server as its administrator; answers None, or what is not yet so."""

    def __init__(self, keys: Keys, server: str) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cadata=keys.authority.certificate.decode())
        keys.write("probe", keys.authority.issue("headgate-test-probe", "system:masters"))
        self._tls.load_cert_chain(keys.path("probe.crt"), keys.path("probe.key"))

    def ready(self) -> str | None:
        return self._fails("/readyz")

    def default_service_account(self) -> str | None:
        return self._fails("/api/v1/namespaces/default/serviceaccounts/default")

    def _fails(self, path: str) -> str | None:
        try:
            with self._opener().open(self._server + path, timeout=5) as answer:
                return None if answer.status == 200 else f"{path}: HTTP {answer.status}"
        except urllib.error.HTTPError as error:
            with error:
                return f"{path}: HTTP {error.code}: {error.read(500).decode(errors='replace')}"
        except OSError as error:
            return f"{path}: {error}"

    def _opener(self) -> urllib.request.OpenerDirector:
        # No proxy of the environment may stand between us and loopback.
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._tls)
        )


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
