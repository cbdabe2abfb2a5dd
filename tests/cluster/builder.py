"""Compiles the programs that come as Go modules into the cache: `<cache>/<tool>/<version>/<program>`.

Version and hashes are those of go/<tool>/go.mod and go.sum. A program appears by rename when it is whole; a lock per
tool lets one builder work while others wait for its result.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import cache, progress, toolchain
from tests.cluster.errors import MissingError

_INPUTS: Final = Path(__file__).parent / "go"


@dataclass(frozen=True, slots=True)
class Tool:
    """One Go module and the programs we build of it."""

    name: str
    module: str
    programs: dict[str, str]
    """Package paths by program name."""
    version_variables: tuple[str, ...] = ()
    """Linker settings; `{version}`, `{major}` and `{minor}` are filled in."""
    inputs: Path = _INPUTS
    """Where its folder of that name is."""

    @property
    def version(self) -> str:
        found = re.search(rf"^(?:require )?\s*{re.escape(self.module)} (v\S+)", self._go_mod(), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.pins() / 'go.mod'} does not require {self.module}")
        return found.group(1)

    def folder(self) -> Path:
        return cache.root() / self.name

    def path(self, program: str) -> Path:
        return self.folder() / self.version / program

    def linker_flags(self) -> str:
        major, minor, _ = self.version.removeprefix("v").split(".", 2)
        settings = (v.format(version=self.version, major=major, minor=minor) for v in self.version_variables)
        return " ".join(["-s", "-w", *(f"-X {setting}" for setting in settings)])

    def pins(self) -> Path:
        """The folder with its go.mod and go.sum."""
        return self.inputs / self.name

    def _go_mod(self) -> str:
        return (self.pins() / "go.mod").read_text()


_COMPONENT_VERSION: Final = "k8s.io/component-base/version"
_KUBERNETES: Final = "k8s.io/kubernetes"
_CONTROL_PLANE: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def _kubernetes(name: str, *programs: str) -> Tool:
    return Tool(
        name,
        _KUBERNETES,
        {program: f"{_KUBERNETES}/cmd/{program}" for program in programs},
        (
            f"{_COMPONENT_VERSION}.gitVersion={{version}}",
            f"{_COMPONENT_VERSION}.gitMajor={{major}}",
            f"{_COMPONENT_VERSION}.gitMinor={{minor}}",
        ),
    )


KUBERNETES: Final = _kubernetes("kubernetes", *_CONTROL_PLANE, "kubectl", "kubelet", "kube-proxy")
OLDEST_KUBERNETES: Final = _kubernetes("kubernetes-oldest", *_CONTROL_PLANE)
"""The control plane of the oldest version that the charts accept."""

HELM: Final = Tool(
    "helm",
    "helm.sh/helm/v4",
    {"helm": "helm.sh/helm/v4/cmd/helm"},
    ("helm.sh/helm/v4/internal/version.version={version}",),
)
KWOK: Final = Tool("kwok", "sigs.k8s.io/kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"})
COREDNS: Final = Tool("coredns", "github.com/coredns/coredns", {"coredns": "."})
CERT_MANAGER: Final = Tool("cert-manager", "github.com/cert-manager/cert-manager", {"cert-manager": "."})
CERT_MANAGER_CRDS: Final = "deploy/crds"
TOOLS: Final = (KUBERNETES, HELM, KWOK, COREDNS, CERT_MANAGER)
"""What tests and the demonstration need."""


def ensure(tool: Tool, program: str) -> Path:
    """The path of a program, built now if it is not in the cache."""
    final = tool.path(program)
    if final.exists():
        return final
    with cache.locked(cache.root() / "locks" / tool.name, waiting=f"Waiting for another build of {tool.name} ..."):
        if not final.exists():
            _build(tool, program, final)
    return final


def _build(tool: Tool, program: str, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{program}.partial")
    build: list[str | Path] = [toolchain.go(), "build", "-trimpath", "-ldflags", tool.linker_flags(), "-o", partial]
    progress.run(
        f"Building {program} {tool.version} (once, into {cache.root()})",
        [*progress.DIES_WITH_US, *build, tool.programs[program]],
        cwd=tool.pins(),
        env=toolchain.environment(),
    )
    partial.rename(final)


def ensure_folder(tool: Tool, inside: str) -> Path:
    """The path of a folder of the tool's module, such as its CRDs, copied now if it is not in the cache."""
    final = tool.folder() / tool.version / Path(inside).name
    with cache.locked(cache.root() / "locks" / tool.name, waiting=f"Waiting for another build of {tool.name} ..."):
        if not final.exists():
            with cache.appearing(final) as partial:
                shutil.copytree(_module(tool) / inside, partial, dirs_exist_ok=True, copy_function=shutil.copyfile)
                partial.chmod(0o755)
    return final


def _module(tool: Tool) -> Path:
    """Where `go` keeps the tool's module."""
    done = subprocess.run(
        [toolchain.go(), "mod", "download", "-json", tool.module],
        cwd=tool.pins(),
        env=toolchain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MissingError(f"{tool.module} cannot be downloaded: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])
