"""What a Dockerfile takes from its context."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path


def copied(dockerfile: str, context: Path) -> list[Path]:
    """The files that COPY and ADD can bring into the image, in stable order, without Python's byte code."""
    found = {
        path
        for source in _sources(dockerfile)
        for match in context.glob(source.strip("/") or "*")
        for path in ([match] if match.is_file() else match.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(found)


def _sources(dockerfile: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", dockerfile).splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() not in ("COPY", "ADD"):
            continue
        words = rest.split()
        options = [word for word in words if word.startswith("--")]
        if any(option.startswith("--from=") for option in options):
            continue
        operands = rest.strip().removeprefix(" ".join(options)).strip()
        names: list[str] = json.loads(operands) if operands.startswith("[") else operands.split()
        yield from (name.removeprefix("./").removeprefix(".") for name in names[:-1])
