"""Images: what goes into a build, when it is repeated, and what must not be left of it."""

from __future__ import annotations

import configparser
import json
import tarfile
from pathlib import Path

import pytest

from tests.cluster import containerfile, images, pip_settings
from tests.cluster.cluster import NodeCluster

DOCKERFILE = """\
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
RUN python3 -m venv /opt/app && /opt/app/bin/pip config list > /opt/settings
COPY --chown=65532:65532 hello.py /srv/
USER 65532
ENTRYPOINT ["/opt/app/bin/python", "/srv/hello.py"]
"""


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.mark.parametrize(
    ("dockerfile", "want_copied"),
    [
        pytest.param("COPY a.py /srv/", ["a.py"], id="a file"),
        pytest.param("COPY app app", ["app/one.py", "app/sub/two.py"], id="a folder with all in it"),
        pytest.param("COPY a.py app/sub ./", ["a.py", "app/sub/two.py"], id="several sources"),
        pytest.param("COPY a.py \\\n  app/one.py \\\n  /srv/", ["a.py", "app/one.py"], id="over several lines"),
        pytest.param("COPY --chown=1:1 --chmod=644 a.py /srv/", ["a.py"], id="with options"),
        pytest.param("COPY --from=build a.py /srv/", [], id="not what comes from another stage"),
        pytest.param('COPY ["a.py", "/srv/"]', ["a.py"], id="the JSON form"),
        pytest.param("ADD *.py /srv/", ["a.py"], id="a pattern"),
        pytest.param("COPY . /srv/", ["a.py", "app/one.py", "app/sub/two.py"], id="everything"),
        pytest.param("RUN cp app /srv", [], id="only COPY and ADD count"),
    ],
)
def test_what_a_dockerfile_copies(dockerfile: str, want_copied: list[str], tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "app/one.py", "app/sub/two.py", "app/__pycache__/one.pyc")
    assert [str(path.relative_to(tmp_path)) for path in containerfile.copied(dockerfile, tmp_path)] == want_copied


def test_the_build_gets_the_machines_pip_settings(tmp_path: Path) -> None:
    home = tree(tmp_path / "home", ".config/pip/pip.conf").resolve()
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    authority = tree(tmp_path, "ca.pem") / "ca.pem"
    (home / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = simple/\ncache-dir = /only/here\n[install]\npre = true\n"
    )
    environment = {
        "HOME": str(home),
        "PIP_FIND_LINKS": str(wheels),
        "SSL_CERT_FILE": str(authority),
        "PIP_RETRIES": "9",
    }
    lent = tmp_path / "lent"
    lent.mkdir()

    volumes = pip_settings.prepare(lent, environment, machine=())

    settings = configparser.RawConfigParser()
    settings.read(lent / ".config/pip/pip.conf")
    assert volumes == [f"{lent}:/root:rw", f"{wheels}:/root/links-0:ro"]
    assert settings.get("global", "find-links") == "/root/links-0"
    assert settings.get("global", "retries") == "9"
    assert settings.get("install", "pre") == "true"
    assert settings.get("global", "cert", fallback="") == "/root/ca.crt"
    assert (lent / "ca.crt").read_text() == "ca.pem"
    assert not settings.has_option("global", "cache-dir"), "a folder of this machine is of no use in the image"


@pytest.mark.node
def test_an_image_is_rebuilt_only_when_its_inputs_change_and_runs(
    node_cluster: NodeCluster, namespace: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "hello.py").write_text("print('hello')\n")
    image = images.Image("localhost/hello:test", tmp_path, tmp_path / "Dockerfile")
    first = images.archive(image)
    tree(tmp_path, "not-copied.py")
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
