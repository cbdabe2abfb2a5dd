"""What a node takes of the machine, where there is only one of each: the bridge, a cgroup, forwarding, a run folder.

Everything the node starts, down to the pods' own processes, lives in one cgroup and one mount namespace. Killing the
cgroup ends them all at once, however they were started, and their mounts and network namespaces go with them; so there
is little else to take away, and it can be taken away after any crash.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.cluster import cache, debian, waiting
from tests.cluster.errors import BusyError, MissingError

RUN: Final = Path("/run/headgate-node")
BRIDGE: Final = "lab0"
ADDRESS: Final = "10.88.0.1"
SUBNET: Final = ipaddress.IPv4Network("10.88.0.0/16")
CGROUP: Final = "headgate-node"
# Fixed folders of kubelet, containerd and CNI, which the node's mount namespace covers with its own.
COVERED: Final = (Path("/run/netns"), Path("/run/containerd"), Path("/var/lib/cni"), Path("/var/lib/kubelet"))
_LOCK: Final = Path("/run/lock/headgate-node.lock")
_FORWARD: Final = Path("/proc/sys/net/ipv4/ip_forward")


def holder() -> Path | None:
    """The state folder of the cluster that has the machine, whether it lives or not."""
    state = _noted("state").strip()
    return Path(state) if state else None


@contextlib.contextmanager
def locked() -> Iterator[None]:
    with cache.locked(_LOCK):
        yield


def require_root() -> None:
    if os.geteuid() != 0:
        raise MissingError(
            "a node with real pods needs root: run as root, or ask for less with HEADGATE_TEST_PROFILE=control-plane, "
            "or name a cluster of your own in HEADGATE_TEST_KUBECONFIG"
        )


def take(state: Path) -> None:
    """Make the bridge, the cgroup and the run folder, and note whose they are before anything else."""
    _refuse_company()
    shutil.rmtree(RUN, ignore_errors=True)
    cache.write(RUN / "ip_forward", _FORWARD.read_text())
    cache.write(RUN / "state", str(state))
    _FORWARD.write_text("1")
    _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "add", f"{ADDRESS}/{SUBNET.prefixlen}", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    for folder in (*_cgroups(), daemons_cgroup()):
        folder.mkdir(exist_ok=True)
    made = [folder for folder in COVERED if not folder.exists()]
    cache.write(RUN / "made", "".join(f"{folder}\n" for folder in made))
    for folder in made:
        folder.mkdir(parents=True)


def release() -> None:
    """Take everything away again; whatever is already gone is fine."""
    _kill_cgroup()
    for folder in _cgroups():
        _remove_cgroup(folder)
    if BRIDGE in _interfaces():
        _ip("link", "delete", BRIDGE)
    for family in ("ip", "ip6"):
        # kube-proxy's tables; deleting a table that is not there is an error, adding one that is there is not.
        run("nft", f"add table {family} kube-proxy; delete table {family} kube-proxy")
    for name in _noted("made").splitlines():
        # Somebody else may have begun to use it, or removed it.
        with contextlib.suppress(OSError):
            Path(name).rmdir()
    if _noted("ip_forward"):
        _FORWARD.write_text(_noted("ip_forward"))
    shutil.rmtree(RUN, ignore_errors=False)


def daemons_cgroup() -> Path:
    """Where the node's daemons start. Their descendants cannot leave the folder above it."""
    return _unified() / CGROUP / "daemons"


def _noted(name: str) -> str:
    try:
        return (RUN / name).read_text()
    except FileNotFoundError:
        return ""


def _unified() -> Path:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mountpoint, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(mountpoint)
    raise MissingError("no cgroup2 file system is mounted; mount it with: mount -t cgroup2 none /sys/fs/cgroup/unified")


def _cgroups() -> list[Path]:
    """The node's cgroup in every hierarchy: one on a current machine, one per controller with cgroup v1."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(mountpoint) / CGROUP for _, mountpoint, kind, *_ in mounts if kind in ("cgroup", "cgroup2")]


def _kill_cgroup() -> None:
    folder = _unified() / CGROUP
    if not folder.exists():
        return
    (folder / "cgroup.kill").write_text("1")

    def populated() -> str | None:
        events = (folder / "cgroup.events").read_text()
        return None if "populated 0" in events else events

    waiting.until(f"the processes in {folder} to end", populated, 30)


def _remove_cgroup(folder: Path) -> None:
    if folder.exists():
        # The files in a cgroup are the kernel's: folders are removed from the leaves up, by rmdir alone.
        for path, _, _ in os.walk(folder, topdown=False):
            os.rmdir(path)


def _refuse_company() -> None:
    for name, addresses in _interfaces().items():
        if any(SUBNET.overlaps(network) for network in addresses):
            raise BusyError(f"interface {name} already uses a part of {SUBNET}, which the node's pods need; remove it")
    if "kube-proxy" in run("nft", "list", "tables"):
        raise BusyError("another kube-proxy already has its nftables rules on this machine; end it first")


def _interfaces() -> dict[str, list[ipaddress.IPv4Network]]:
    listed = json.loads(_ip("-json", "-4", "address"))
    return {
        link["ifname"]: [
            ipaddress.IPv4Network(f"{info['local']}/{info['prefixlen']}", strict=False)
            for info in link.get("addr_info", [])
        ]
        for link in json.loads(_ip("-json", "link")) + listed
    }


def _ip(*arguments: str) -> str:
    return run("ip", *arguments)


def run(*argv: str) -> str:
    """Run an administrator's program; returns its output, raises with its error text."""
    env = {**os.environ, "PATH": debian.search_path()}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def in_cgroup(argv: Sequence[str | Path]) -> list[str | Path]:
    """The command, to be started inside the node's cgroup."""
    return ["sh", "-c", 'echo "$$" > "$0/cgroup.procs" && exec "$@"', daemons_cgroup(), *argv]
