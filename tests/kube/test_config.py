"""The two ways to an API server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kube import config
from kube.config import ConfigError
from tests.cluster.cluster import Cluster


async def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"no kubeconfig at {tmp_path}/absent"):
        await config.load(tmp_path / "absent")


async def test_a_kubeconfig_without_a_context_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n")
    with pytest.raises(ConfigError, match="cannot be used"):
        await config.load(path)


async def test_the_kubeconfig_of_the_environment_is_the_default(control_plane: Cluster) -> None:
    connection = await config.load(None, {"KUBECONFIG": str(control_plane.kubeconfig)})
    assert connection.server == control_plane.server
    assert connection.namespace == "default"


def test_a_pod_finds_its_service_account(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "namespace").write_text("shop\n")
    shutil.copy(authority(), tmp_path / "ca.crt")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    connection = config.in_cluster(environ, tmp_path)
    assert (connection.server, connection.namespace) == ("https://[fd00::1]:6443", "shop")


def authority() -> Path:
    """Any certificate in PEM."""
    import certifi

    return Path(certifi.where())


@pytest.mark.parametrize(
    ("environ", "want"),
    [({}, "KUBERNETES_SERVICE_HOST is not set"), ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "no service account")],
    ids=["outside a cluster", "without a mounted token"],
)
def test_what_is_missing_in_a_pod_is_named(environ: dict[str, str], want: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=want):
        config.in_cluster(environ, tmp_path)


def test_the_client_itself_imports_nothing_heavy() -> None:
    code = "import sys, kube.client, kube.informer; print('kubernetes' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
