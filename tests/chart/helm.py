"""The real helm, and what it renders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.cluster import builder
from tests.cluster.cluster import SHORT_LIVED

CHARTS: Final = Path(__file__).parents[2] / "chart"
CRDS: Final = CHARTS / "headgate-crds"
HEADGATE: Final = CHARTS / "headgate"

Object = Mapping[str, Any]


class HelmError(Exception):
    """helm said no; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Helm:
    """helm for one cluster, or for none."""

    kubeconfig: Path = Path("/dev/null")

    def run(self, *arguments: str | Path) -> str:
        """Runs helm and gives its output; raises HelmError."""
        helm = builder.ensure(builder.HELM, "helm")
        done = subprocess.run(
            [helm, f"--kubeconfig={self.kubeconfig}", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **SHORT_LIVED},
        )
        if done.returncode != 0:
            raise HelmError((done.stderr + done.stdout).strip())
        return done.stdout

    def render(self, chart: Path = HEADGATE, /, *, namespace: str = "media", **values: str) -> list[Object]:
        """The objects of a chart, hooks included. `values` are given as JSON, dots written as two underscores."""
        settings = [f"--set-json={path.replace('__', '.')}={text}" for path, text in values.items()]
        rendered = self.run("template", "hg", chart, "--namespace", namespace, *settings)
        return [one for one in yaml.load_all(rendered, Loader=yaml.CSafeLoader) if one]


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one["kind"] in kinds]


def the(objects: Iterable[Object], kind: str, name: str) -> Object:
    """The one object of this kind and name."""
    found = [one for one in of_kind(objects, kind) if one["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pod_templates(objects: Iterable[Object]) -> dict[str, Object]:
    """Every pod that the objects would make, by the name of its Deployment or Job."""
    owners = of_kind(objects, "Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob")
    return {one["metadata"]["name"]: one["spec"]["template"] for one in owners}
