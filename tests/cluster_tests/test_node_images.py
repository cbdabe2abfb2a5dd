"""An image on the node: built when its inputs change, run, and without a trace of the machine that built it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.cluster import images
from tests.cluster.cluster import NodeCluster

DOCKERFILE = """\
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
RUN python3 -m venv /opt/app && /opt/app/bin/pip config list > /opt/settings
COPY --chown=65532:65532 hello.py /srv/
USER 65532
ENTRYPOINT ["/opt/app/bin/python", "/srv/hello.py"]
"""


@pytest.mark.node
def test_an_image_is_rebuilt_only_when_its_inputs_change_and_runs(
    node_cluster: NodeCluster, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "hello.py").write_text("print('hello')\n")
    image = images.Image("localhost/hello:test", tmp_path, tmp_path / "Dockerfile")
    first = images.archive(image)
    (tmp_path / "not-copied.py").write_text("")
    assert images.archive(image) == first
    (tmp_path / "hello.py").write_text("print('hello from the image')\n")
    second = images.archive(image)
    assert second != first
    assert not first.exists(), "one archive an image is kept"

    node_cluster.load_image(second)
    node_cluster.kubectl(
        "run", "-n", namespace, "hello", f"--image={image.name}", "--image-pull-policy=Never", "--restart=Never"
    )
    node_cluster.kubectl(
        "wait", "-n", namespace, "pod/hello", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"
    )
    assert node_cluster.kubectl("logs", "-n", namespace, "hello") == "hello from the image\n"
    assert traces_of_the_build(second) == []
    second.unlink()


def traces_of_the_build(archive: Path) -> list[str]:
    """Files of the lent home, and names of PIP variables, in any layer or the configuration."""
    found = []
    with tarfile.open(archive) as image:
        manifest = json.loads(read(image, "manifest.json"))[0]
        found += [name for name in ("PIP_", "pip.conf") if name.encode() in read(image, manifest["Config"])]
        for layer in manifest["Layers"]:
            content = image.extractfile(layer)
            assert content is not None
            with tarfile.open(fileobj=content) as files:
                names = files.getnames()
            found += [
                name for name in names if name.endswith("pip.conf") or name.startswith(("root/.config", "root/ca"))
            ]
    return found


def read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()
