"""Objects from files: a folder of manifests as a world to judge against, or single files to judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

SUFFIXES: Final = (".yaml", ".yml", ".json")


class ManifestError(Exception):
    """A file that cannot be read as manifests; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it stands: the file and the number of its document there, from 1."""

    obj: dict[str, Any]
    path: Path
    number: int


def read(paths: tuple[Path, ...]) -> Iterator[Manifest]:
    """The objects of files and of folders, folders deep and in the order of their names; Lists are unpacked."""
    for path in paths:
        for file in files(path):
            yield from _file(file)


def files(path: Path) -> list[Path]:
    """Raises ManifestError where there is nothing at the path."""
    if path.is_dir():
        return sorted(found for found in path.rglob("*") if found.suffix in SUFFIXES and found.is_file())
    if not path.exists():
        raise ManifestError(f"{path}: there is no such file or folder")
    return [path]


def _file(path: Path) -> Iterator[Manifest]:
    try:
        documents = _documents(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ManifestError(f"{path}: {' '.join(str(error).split())}") from error
    for number, document in enumerate(documents, start=1):
        if document is None:
            continue
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            raise ManifestError(f"{path}: document {number} is no Kubernetes object")
        if document["kind"].endswith("List") and isinstance(document.get("items"), list):
            yield from (Manifest(item, path, number) for item in document["items"] if isinstance(item, dict))
        else:
            yield Manifest(document, path, number)


def _documents(path: Path) -> list[Any]:
    content = path.read_bytes()
    if path.suffix == ".json":
        return [orjson.loads(content)]
    return list(yaml.load_all(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
