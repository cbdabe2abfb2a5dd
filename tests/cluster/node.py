"""One node that runs real pods: containerd, kubelet, kube-proxy, scheduler and CoreDNS around a control plane.

The API server listens on the bridge, so pods reach it. One node per machine; its name is `node0`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tests.cluster import binaries, builder, cache, control_plane, machine, runtime, scheduler
from tests.cluster.api import NotYetError
from tests.cluster.control_plane import ControlPlane
from tests.cluster.errors import BusyError
from tests.cluster.state import State

NAME: Final = "node0"
_READY_SECONDS: Final = 240.0


def take_machine(claimed: State) -> None:
    """Become the one node cluster of this machine, after whatever a killed one has left is gone."""
    machine.require_root()
    with machine.locked():
        holder = machine.holder()
        if holder is not None:
            _evict(State(holder))
        machine.take(claimed.path)


def _evict(other: State) -> None:
    if other.in_use():
        owner = other.owner()
        whose = f"process {owner.pid}" if owner else "nobody in particular (it was started by hand)"
        raise BusyError(
            f"a node cluster already runs on this machine in {other.path}, owned by {whose}; there can be only one: "
            f"wait for it, or end it with: python -m tests.cluster down --state {other.path}"
        )
    other.remove()


def start(claimed: State, settings: control_plane.Settings) -> ControlPlane:
    """Start the whole node in a claimed state folder that has the machine."""
    runtime.start(claimed)
    plane = control_plane.start(claimed, settings)
    kubelet, proxy = _kubelet(claimed, plane), _kube_proxy(claimed, plane)
    claimed.start("kubelet", runtime.beside_containerd(claimed, kubelet))
    claimed.start("kube-proxy", machine.in_cgroup(proxy))
    claimed.start("kube-scheduler", scheduler.command(claimed, plane))
    claimed.start("coredns", _coredns(claimed, plane))
    parts = ["kubelet", "kube-proxy", "kube-scheduler", "coredns", "kube-controller-manager"]
    claimed.wait(f"node {NAME}", parts, lambda: _not_ready(plane), _READY_SECONDS)
    return plane


def _not_ready(plane: ControlPlane) -> str | None:
    try:
        node = plane.api.get(f"/api/v1/nodes/{NAME}")
    except NotYetError as error:
        return str(error)
    conditions = {condition["type"]: condition for condition in node["status"].get("conditions", [])}
    ready = conditions.get("Ready", {})
    if ready.get("status") != "True":
        return str(ready.get("message", "no condition Ready"))
    taints = node["spec"].get("taints", [])
    return f"taints {taints}" if taints else None


def _kubelet(claimed: State, plane: ControlPlane) -> list[str | Path]:
    folder = claimed.path / "kubelet"
    keys = plane.keys
    keys.write("kubelet", keys.authority.issue(f"system:node:{NAME}", "system:nodes", sans=(NAME, machine.ADDRESS)))
    resolv = cache.write(folder / "resolv.conf", f"nameserver {machine.ADDRESS}\n")
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": machine.ADDRESS,
        "healthzPort": 0,
        "containerRuntimeEndpoint": f"unix://{runtime.SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{machine.CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "podLogsDir": str(folder / "logs"),
        "resolvConf": str(resolv),
        "clusterDNS": [machine.ADDRESS],
        "clusterDomain": "cluster.local",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys.path("ca.crt"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys.path("kubelet.crt")),
        "tlsPrivateKeyFile": str(keys.path("kubelet.key")),
        # Images are imported, not pulled: collecting them would lose them. The disk is the developer's own.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "100Mi"},
    }
    user = keys.kubeconfig(folder / "kubeconfig", plane.server, f"system:node:{NAME}", "system:nodes")
    return [
        binaries.kubernetes("kubelet"),
        f"--config={cache.write(folder / 'config.json', json.dumps(config, indent=2))}",
        f"--kubeconfig={user}",
        f"--root-dir={folder / 'root'}",
        f"--hostname-override={NAME}",
        f"--node-ip={machine.ADDRESS}",
    ]


def _kube_proxy(claimed: State, plane: ControlPlane) -> list[str | Path]:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": str(machine.SUBNET),
        "bindAddress": machine.ADDRESS,
        "hostnameOverride": NAME,
        "healthzBindAddress": "",
        "metricsBindAddress": "",
        # Pods share one bridge: without it, answers between them would pass by the address translation.
        "nftables": {"masqueradeAll": True, "minSyncPeriod": "100ms"},
        # Zero leaves the machine's own connection tracking limits alone.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "clientConnection": {
            "kubeconfig": str(
                plane.keys.kubeconfig(claimed.path / "kube-proxy.kubeconfig", plane.server, "system:kube-proxy")
            )
        },
    }
    path = cache.write(claimed.path / "kube-proxy.json", json.dumps(config, indent=2))
    return [binaries.kubernetes("kube-proxy"), f"--config={path}"]


def _coredns(claimed: State, plane: ControlPlane) -> list[str | Path]:
    user = plane.keys.kubeconfig(claimed.path / "coredns.kubeconfig", plane.server, "system:coredns", "system:masters")
    corefile = f"""\
. {{
  bind {machine.ADDRESS}
  errors
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {user}
    ttl 1
  }}
}}
"""
    path = cache.write(claimed.path / "Corefile", corefile)
    return [builder.ensure(builder.COREDNS, "coredns"), "-conf", path]
