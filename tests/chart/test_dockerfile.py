"""The image gets every package of the wheel, and nothing of a developer's machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
    "packages"
]


def test_every_package_of_the_wheel_is_copied() -> None:
    copied = re.findall(r"^COPY (\S+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(PACKAGES)


def test_everything_that_is_copied_is_let_into_the_context() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    wanted = {f"!{name}" for source in sources for name in source.split()}
    assert wanted == {line for line in lines if line.startswith("!")}


def test_dependencies_are_pinned_by_hash() -> None:
    installs = re.findall(r"pip.* install (.+)", (ROOT / "Dockerfile").read_text().replace("\\\n", " "))
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index --no-deps" in one for one in installs)
    for name in ("build", "runtime"):
        pinned = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert len(re.findall(r"^[a-z].*==", pinned, re.MULTILINE)) == len(re.findall(r"^[a-z]", pinned, re.MULTILINE))


def test_the_image_runs_as_the_user_the_chart_says() -> None:
    assert re.search(r"^USER 65532:65532$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert "runAsUser: 65532" in (ROOT / "chart" / "headgate" / "templates" / "_helpers.tpl").read_text()
