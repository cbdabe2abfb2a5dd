"""kubectl as a user runs it: what it prints on both streams, and how it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster import binaries
from tests.cluster.cluster import Cluster, kubectl_environment

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def obj(self) -> dict[str, Any]:
        """The object that was printed, for `-o json`."""
        assert self.code == 0, self
        printed: dict[str, Any] = json.loads(self.out)
        return printed


def kubectl(cluster: Cluster, *arguments: str, stdin: str | None = None) -> Done:
    done = subprocess.run(
        [binaries.kubernetes("kubectl"), f"--kubeconfig={cluster.kubeconfig}", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=kubectl_environment(cluster.kubeconfig),
    )
    return Done(done.returncode, done.stdout, done.stderr)


def apply(cluster: Cluster, *objects: Object, flags: tuple[str, ...] = ()) -> Done:
    """`kubectl apply -f -` of all of them at once."""
    manifests = "\n---\n".join(json.dumps(obj) for obj in objects)
    return kubectl(cluster, "apply", "-f", "-", *flags, stdin=manifests)
