"""How the API server is reached: from inside the cluster, or by a kubeconfig.

The way in from a pod imports nothing heavy: the admission server must stay small. A kubeconfig is read by the official
client, which knows contexts, exec plugins and the rest; it is imported only then.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kube.credentials import Credentials, Fetched, Fixed, TokenFile

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class ConfigError(Exception):
    """There is no usable way to an API server."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything a client needs. `namespace` is where the caller lives, or the kubeconfig's default."""

    server: str
    credentials: Credentials
    ssl: ssl.SSLContext | None = None
    namespace: str = "default"
    server_name: str | None = None
    proxy: str | None = None


async def load(kubeconfig: Path | None = None, environ: Mapping[str, str] = os.environ) -> Connection:
    """The kubeconfig that is named; else the pod's service account; else KUBECONFIG or ~/.kube/config."""
    if kubeconfig is not None:
        return await from_kubeconfig(str(kubeconfig))
    if environ.get("KUBERNETES_SERVICE_HOST") and (SERVICE_ACCOUNT / "token").exists():
        return in_cluster(environ)
    return await from_kubeconfig(environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config"))


def in_cluster(environ: Mapping[str, str] = os.environ, folder: Path = SERVICE_ACCOUNT) -> Connection:
    """The API server as a pod sees it, with the service account mounted at `folder`."""
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ConfigError("not inside a cluster: KUBERNETES_SERVICE_HOST is not set")
    if not (folder / "token").exists():
        raise ConfigError(f"no service account is mounted at {folder}: automountServiceAccountToken may be off")
    namespace = folder / "namespace"
    return Connection(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        credentials=TokenFile(folder / "token"),
        ssl=ssl.create_default_context(cafile=str(folder / "ca.crt")),
        namespace=namespace.read_text().strip() if namespace.exists() else "default",
    )


async def from_kubeconfig(paths: str) -> Connection:
    """The current context of one kubeconfig, or of several joined as in KUBECONFIG."""
    if not _readable(paths):
        raise ConfigError(f"no kubeconfig at {paths}")
    loaded, namespace = await _load_kubeconfig(paths)

    async def fetch() -> str:
        return _header((await _load_kubeconfig(paths))[0])

    header = _header(loaded)
    return Connection(
        server=str(loaded.host).rstrip("/"),
        credentials=Fetched(header, fetch) if header else Fixed(),
        ssl=_tls(loaded) if str(loaded.host).startswith("https") else None,
        namespace=namespace,
        server_name=loaded.tls_server_name,
        proxy=loaded.proxy,
    )


def _readable(paths: str) -> bool:
    return any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep) if path)


async def _load_kubeconfig(paths: str) -> tuple[Any, str]:
    """The official client's Configuration, and the namespace of the context."""
    try:
        from kubernetes.aio.client import Configuration
        from kubernetes.aio.config import ConfigException, load_kube_config
    except ModuleNotFoundError as error:
        raise ConfigError("reading a kubeconfig needs the package kubernetes, which the image leaves out") from error

    configuration = Configuration()
    try:
        loader = await load_kube_config(  # type: ignore[no-untyped-call]  # the asyncio half is not annotated
            paths, client_configuration=configuration, persist_config=False
        )
    except ConfigException as error:
        raise ConfigError(f"the kubeconfig {paths} cannot be used: {error}") from error
    return configuration, loader.current_context["context"].get("namespace") or "default"


def _header(configuration: Any) -> str:
    """The official client keeps "Bearer …" or "Basic …" under this name, whatever it is."""
    return str(configuration.api_key.get("BearerToken") or "")


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
