"""The keys of one cluster on disk, as its components read them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final

from tests.cluster import cache, kubeconfig
from tests.cluster.certificates import Authority, KeyPair, signing_key

_KUBERNETES_SERVICE: Final = "10.96.0.1"


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
