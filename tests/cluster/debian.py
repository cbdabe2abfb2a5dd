"""Programs that come as Debian packages: installed when we are root, else named with the command that does it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.cluster import cache, progress
from tests.cluster.errors import MissingError

# The packages start their services on installation unless this script says no; we want the programs only.
_POLICY: Final = Path("/usr/sbin/policy-rc.d")
_REFUSE: Final = "#!/bin/sh\nexit 101\n"
_LOCK: Final = Path("/run/lock/headgate-apt.lock")

CONTROL_PLANE: Final = {"etcd": "etcd-server"}
REDIS: Final = {"redis-server": "redis-server"}
PROMETHEUS: Final = {"prometheus": "prometheus"}
NODE: Final = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "busybox": "busybox-static",
    "ip": "iproute2",
    "nft": "nftables",
    "mount": "mount",
    "conntrack": "conntrack",
    "redis-server": "redis-server",
}
IMAGES: Final = {"mmdebstrap": "mmdebstrap", "buildah": "buildah", "runc": "runc"}


def missing(programs: Mapping[str, str]) -> list[str]:
    """The packages of those programs (a name on PATH, or an absolute path) that are not there."""
    return sorted({package for program, package in programs.items() if not _there(program)})


def ensure(programs: Mapping[str, str]) -> None:
    """Install the packages of the programs that are missing, or say how to."""
    packages = missing(programs)
    if not packages:
        return
    install(packages)
    left = missing(programs)
    if left:
        raise MissingError(f"installed, but their programs are still not found: {' '.join(left)}")


def install(packages: Sequence[str]) -> None:
    """Install Debian packages as root, without starting their services."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        raise MissingError(f"this is not Debian; install what it calls {' '.join(packages)}")
    if os.geteuid() != 0:
        raise MissingError(f"programs are missing; install them as root with: {' '.join(command)}")
    with cache.locked(_LOCK), _no_services():
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        progress.run("Updating Debian's package lists", ["apt-get", "update"], env=env)
        progress.run(f"Installing Debian packages: {' '.join(packages)}", command, env=env)


def search_path() -> str:
    """PATH with the folders of administrators' programs, which not every user has on it."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def _there(program: str) -> bool:
    return shutil.which(program, path=search_path()) is not None


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    if _POLICY.exists():
        yield
        return
    cache.write(_POLICY, _REFUSE, mode=0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
