"""Images: what goes into a build, when it is repeated, and what must not be left of it."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from tests.cluster import containerfile, pip_settings


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
