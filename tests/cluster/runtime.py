"""containerd with its own root, state and socket, in a mount namespace that dies with the node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

from tests.cluster import archive, binaries, cache, debian, machine
from tests.cluster.state import State

SOCKET: Final = machine.RUN / "containerd.sock"
SANDBOX_IMAGE: Final = "localhost/headgate-sandbox:1"
_CNI_PLUGINS: Final = Path("/usr/lib/cni")

# Slave first, so that nothing mounted here shows outside; then shared, as pods' mounts want it.
_COVER: Final = """
for folder in $0; do mount -t tmpfs -o mode=755 tmpfs "$folder" || exit 1; done
mount --make-rshared / && exec "$@"
"""


def start(state: State) -> None:
    """Start containerd, wait for it, and give it the sandbox image."""
    config = _write_config(state.path / "containerd")
    covered = " ".join(map(str, (*machine.COVERED, "/var/log")))
    unshared = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", _COVER, covered]
    containerd = binaries.installed("containerd", debian.NODE)
    state.start("containerd", machine.in_cgroup([*unshared, containerd, "--config", config]))
    state.wait("containerd", ["containerd"], lambda: None if SOCKET.exists() else f"no {SOCKET}", 30)
    sandbox = archive.single_program(
        state.path / "sandbox.tar",
        SANDBOX_IMAGE,
        binaries.installed("busybox", debian.NODE),
        ["/bin/busybox", "sleep", "2147483647"],
    )
    load(sandbox)


def load(image: Path) -> None:
    """Import an OCI or docker archive, as if every node had pulled its images."""
    ctr("images", "import", str(image))


def ctr(*arguments: str) -> str:
    program = binaries.installed("ctr", debian.NODE)
    done = subprocess.run(
        [program, "--address", SOCKET, "--namespace", "k8s.io", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"ctr {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def beside_containerd(state: State, argv: list[str | Path]) -> list[str | Path]:
    """The command, to be started in containerd's cgroup and mount namespace."""
    containerd = state.running()["containerd"]
    return machine.in_cgroup(["nsenter", f"--mount=/proc/{containerd.pid}/ns/mnt", "--wdns=/", *argv])


def _write_config(folder: Path) -> Path:
    networks = {
        "cniVersion": "0.4.0",
        "name": "headgate-node",
        "plugins": [
            {
                "type": "bridge",
                "bridge": machine.BRIDGE,
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(folder / "addresses"),
                    "ranges": [[{"subnet": str(machine.SUBNET), "gateway": machine.ADDRESS}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }
    cache.write(folder / "cni" / "10-headgate.conflist", json.dumps(networks, indent=2))
    return cache.write(folder / "config.toml", _config(folder))


def _config(folder: Path) -> str:
    # Without restrict_oom_score_adj runc dies with "can't get final child's PID" where we may not lower the score.
    return f"""\
version = 2
root = "{folder / "root"}"
state = "{machine.RUN / "containerd"}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_CNI_PLUGINS}"
    conf_dir = "{folder / "cni"}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""
