"""What is built, from which versions, and what is said when it cannot be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.chart.helm import CRDS, HEADGATE
from tests.cluster import binaries, builder, cache, debian, toolchain
from tests.cluster.builder import Tool
from tests.cluster.errors import MissingError


@pytest.mark.parametrize("tool", [*builder.TOOLS, builder.OLDEST_KUBERNETES], ids=lambda tool: tool.name)
def test_every_tool_is_pinned_with_its_hashes(tool: Tool) -> None:
    module = Path(builder.__file__).parent / "go" / tool.name
    assert f"{tool.module} {tool.version} h1:" in (module / "go.sum").read_text()
    for package in tool.programs.values():
        assert package == "." or f"{package}\n" in (module / "go.mod").read_text(), "listed as a tool, so tidy keeps it"


def test_kubernetes_knows_its_own_version() -> None:
    version = builder.KUBERNETES.version
    assert f"k8s.io/component-base/version.gitVersion={version}" in builder.KUBERNETES.linker_flags()
    assert "gitMajor=1 " in builder.KUBERNETES.linker_flags()


def test_the_oldest_kubernetes_is_the_one_that_the_charts_accept() -> None:
    minor = builder.OLDEST_KUBERNETES.version.rpartition(".")[0].removeprefix("v")
    for chart in (CRDS, HEADGATE):
        wanted: str = yaml.safe_load((chart / "Chart.yaml").read_text())["kubeVersion"]
        assert wanted.startswith(f">={minor}.")


def test_the_oldest_kubernetes_has_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(binaries.VARIABLE, "oldest")
    with pytest.raises(MissingError, match=r"kubelet v1\.30\.\d+ is not built here"):
        binaries.kubernetes("kubelet")


def test_a_version_that_nobody_knows_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(binaries.VARIABLE, "newest")
    with pytest.raises(MissingError, match="neither empty nor `oldest`"):
        binaries.kubernetes("kubectl")


def test_what_is_in_the_cache_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    there = cache.write(builder.HELM.path("helm"), "built earlier")
    assert builder.ensure(builder.HELM, "helm") == there


def test_a_folder_of_the_module_is_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "module"
    cache.write(module / "deploy" / "crds" / "issuers.yaml", "kind: A")
    said = json.dumps({"Dir": str(module)})
    go = cache.write(tmp_path / "go", f"#!/bin/sh\necho '{said}'\n", mode=0o755)
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(toolchain, "go", lambda: go)
    copied = builder.ensure_folder(builder.CERT_MANAGER, builder.CERT_MANAGER_CRDS)
    assert (copied / "issuers.yaml").read_text() == "kind: A"
    go.unlink()
    assert builder.ensure_folder(builder.CERT_MANAGER, builder.CERT_MANAGER_CRDS) == copied


def test_missing_packages_are_named_each_once() -> None:
    programs = {"sh": "dash", "no-such-a": "package", "no-such-b": "package", "/no/such/path": "other"}
    assert debian.missing(programs) == ["other", "package"]


def test_without_root_the_command_that_installs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        MissingError, match="as root with: apt-get install --yes --no-install-recommends no-such-package"
    ):
        debian.ensure({"no-such-program": "no-such-package"})


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with cache.appearing(tmp_path / "final") as partial:
            (partial / "half").touch()
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []
    with cache.appearing(tmp_path / "final") as partial:
        (partial / "whole").touch()
    assert list(tmp_path.rglob("*")) == [tmp_path / "final", tmp_path / "final" / "whole"]
