"""Pins the dependencies of pyproject.toml with hashes: `python -m tests.lock`, with `--check` only compares.

Whether the lock files are older than pyproject.toml is told by a digest of its dependencies beside them, so checking
needs no network. The files name no package index: they are the same wherever they were made.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import click

_REPOSITORY: Final = Path(__file__).parents[1]
_FOLDER: Final = _REPOSITORY / "requirements"
_DIGEST: Final = _FOLDER / "pyproject.sha256"


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Only say whether the lock files are older than pyproject.toml.")
@click.option("--upgrade", is_flag=True, help="Take the newest versions that the ranges allow.")
def main(check: bool, upgrade: bool) -> None:
    digest = _digest()
    if check:
        if not _DIGEST.exists() or _DIGEST.read_text() != digest:
            sys.exit("requirements/*.txt are older than the dependencies in pyproject.toml; run: make lock")
        return
    _compile("runtime.txt", ["pyproject.toml"], upgrade)
    _compile("dev.txt", ["--group", "dev", "--extra", "png", "pyproject.toml"], upgrade)
    _compile("libraries.txt", ["--group", "pyproject.toml:libraries"], upgrade)
    # What builds the product's wheel inside its image.
    _compile("build.txt", ["-"], upgrade, stdin="\n".join(_project()["build-system"]["requires"]))
    _DIGEST.write_text(digest)


def _compile(name: str, inputs: list[str], upgrade: bool, stdin: str = "") -> None:
    options = ["--generate-hashes", "--no-emit-index-url", "--no-header", "--python-version", "3.11", "--quiet"]
    newest = ["--upgrade"] if upgrade else []
    command = ["uv", "pip", "compile", *options, *newest, "--output-file", str(_FOLDER / name), *inputs]
    # uv takes the index from its own variables; the machine's pip may know it under pip's.
    index = os.environ.get("PIP_INDEX_URL")
    environment = {**({"UV_DEFAULT_INDEX": index} if index else {}), **os.environ}
    subprocess.run(command, cwd=_REPOSITORY, check=True, input=stdin, text=True, env=environment)


def _digest() -> str:
    project = _project()
    inputs = [project["project"][key] for key in ("requires-python", "dependencies")]
    inputs += [project["project"]["optional-dependencies"]]
    inputs += [project["dependency-groups"], project["build-system"]["requires"]]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest() + "\n"


def _project() -> dict[str, Any]:
    return tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())


if __name__ == "__main__":
    main()
