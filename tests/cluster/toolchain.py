"""A Go new enough for the modules we build: the machine's own, or one fetched as a Go module.

From 1.21 on, `go` fetches a newer toolchain by itself. An older one (Debian 12 has 1.19) can still download the
toolchain's module, whose hash we check, because such a Go verifies nothing it cannot find in go.sum.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from functools import cache as remembered
from pathlib import Path
from typing import Final

from tests.cluster import debian, progress
from tests.cluster.errors import MissingError

_GO: Final = "1.26.8"
_HASHES: Final = {
    "amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
    "arm64": "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=",
}
_SWITCHES_ITSELF: Final = (1, 21)
_DEBIAN_GO: Final = Path("/usr/lib/go-1.19/bin/go")


@remembered
def go() -> Path:
    """A `go` command that can build our modules."""
    found = shutil.which("go")
    if found is None:
        debian.ensure({str(_DEBIAN_GO): "golang-1.19-go"})
    command = Path(found) if found else _DEBIAN_GO
    return command if _version(command) >= _SWITCHES_ITSELF else _downloaded(command)


def environment() -> dict[str, str]:
    """What builds run with: the user's proxies and module settings, static programs, nothing changed in go.mod."""
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "auto"}


def _version(command: Path) -> tuple[int, ...]:
    said = subprocess.run([command, "version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"go(\d+)\.(\d+)", said)
    if match is None:
        raise MissingError(f"{command} does not tell its version: {said!r}")
    return tuple(int(part) for part in match.groups())


def _downloaded(old: Path) -> Path:
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if architecture not in _HASHES:
        raise MissingError(f"{old} is too old and no Go {_GO} is known for {architecture}; install Go 1.21 or newer")
    module = f"golang.org/toolchain@v0.0.1-go{_GO}.linux-{architecture}"
    progress.say(f"{old} is too old to fetch a newer Go by itself: downloading Go {_GO} as a module ...")
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GONOSUMDB": "*"}
    # Outside any module, so that no go.mod of the current folder takes part.
    said = subprocess.run(
        [old, "mod", "download", "-json", module], cwd="/", env=env, capture_output=True, text=True, check=False
    )
    if said.returncode != 0:
        raise MissingError(f"Go {_GO} cannot be downloaded: {said.stdout}{said.stderr}")
    downloaded = json.loads(said.stdout)
    if downloaded["Sum"] != _HASHES[architecture]:
        raise MissingError(f"{module} has the hash {downloaded['Sum']}, want {_HASHES[architecture]}")
    root = Path(downloaded["Dir"])
    _make_executable(root)
    return root / "bin" / "go"


def _make_executable(root: Path) -> None:
    """Module zips carry no file modes, and the module cache is read-only."""
    for program in (*root.glob("bin/*"), *root.glob("pkg/tool/*/*")):
        program.chmod(0o755)
