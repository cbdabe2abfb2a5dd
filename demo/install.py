"""Installing the charts and applying the quickstart, as a user would."""

from __future__ import annotations

import subprocess
from pathlib import Path

from demo.stage import Stage
from tests.cluster import binaries, builder

ROOT = Path(__file__).parents[1]
QUICKSTART = ROOT / "examples" / "quickstart"
CRDS_RELEASE, RELEASE = "headgate-crds", "headgate"


def charts(stage: Stage) -> None:
    repository, _, tag = stage.image.rpartition(":")
    values = ("--set", f"image.repository={repository}", "--set", f"image.tag={tag}")
    helm(stage, "upgrade", "--install", CRDS_RELEASE, "chart/headgate-crds", *values)
    helm(stage, "upgrade", "--install", RELEASE, "chart/headgate", *values, "--wait", "--timeout", "5m")


def remove(stage: Stage) -> None:
    helm(stage, "uninstall", RELEASE, "--wait", "--timeout", "3m")


def quickstart(stage: Stage) -> str:
    """Apply Policy, Queue and WorkerPool; returns what kubectl says."""
    said = []
    for file in sorted(QUICKSTART.glob("0*.yaml")):
        text = file.read_text().replace("redis://redis:6379/0", stage.redis_for_pods)
        text = text.replace("localhost/headgate-worker:dev", stage.worker_image)
        said.append(stage.cluster.kubectl("apply", "--namespace", stage.namespace, "-f", "-", stdin=text))
    return "".join(said)


def refused(stage: Stage) -> str:
    """Apply what is wrong in many ways; returns all of kubectl's words. Raises when it is not refused."""
    kubectl = [str(binaries.kubernetes("kubectl")), f"--kubeconfig={stage.cluster.kubeconfig}"]
    command = [*kubectl, "apply", "--namespace", stage.namespace, "-f", str(QUICKSTART / "denied.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        raise RuntimeError(f"{command[-1]} was accepted: {done.stdout}")
    return done.stderr


def roll_out(stage: Stage) -> None:
    """Change what the workers run, so that all of them have to be replaced."""
    patch = '{"spec": {"env": [{"name": "GREETING", "value": "hello"}]}}'
    stage.cluster.kubectl("patch", "workerpool", "thumbnails", "-n", stage.namespace, "--type=merge", "-p", patch)


def ready(stage: Stage) -> None:
    """Wait for the first worker."""
    where = ("-n", stage.namespace)
    stage.cluster.kubectl("wait", "--for=condition=Ready", "workerpool/thumbnails", *where, "--timeout=120s")


def delete(stage: Stage) -> None:
    stage.cluster.kubectl("delete", "workerpool", "thumbnails", "-n", stage.namespace, "--timeout=180s")


def helm(stage: Stage, *arguments: str) -> None:
    command = [
        str(builder.ensure(builder.HELM, "helm")),
        f"--kubeconfig={stage.cluster.kubeconfig}",
        "--namespace",
        stage.namespace,
        *arguments,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"helm {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
