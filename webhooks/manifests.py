"""Objects from files: a folder of manifests as a world to judge against, or single files to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import yaml

from crds import meta
from crds.conversion import ConversionError, convert
from webhooks import misread, yamlform

SUFFIXES: Final = (".yaml", ".yml", ".json")
NAMESPACED: Final = frozenset(kind.kind for kind in meta.KINDS if kind.namespaced)
STDIN: Final = Path("-")
"""The path that means standard input, as for kubectl."""

MAX_BYTES: Final = 256 * 1024 * 1024
"""Of one file, or of standard input. 50,000 objects of the usual size are 50 MB."""


Parse = Callable[[Path, bytes], Iterator[tuple[Any, "yamlform.Node | None"]]]


class ManifestError(Exception):
    """A file that cannot be read as manifests; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it stands: the file, the number of its document there, from 1, and its place in the text."""

    obj: dict[str, Any]
    path: Path
    number: int
    node: yamlform.Node | None = field(default=None, compare=False, repr=False)


def read(paths: tuple[Path, ...], stdin: BinaryIO | None = None) -> Iterator[Manifest]:
    """The objects of files and of folders, folders deep and in the order of their names; Lists are unpacked."""
    for path in paths:
        if path == STDIN and stdin is not None:
            yield from _objects(path, stdin.read(MAX_BYTES + 1), _documents)
            continue
        for file in files(path):
            yield from _objects(file, _content(file), _documents)


def something(paths: tuple[Path, ...], stdin: BinaryIO | None = None) -> Iterator[Manifest]:
    """The same; that there is nothing at all is an error, as where a renderer before a pipe has failed."""
    there = False
    for manifest in read(paths, stdin):
        there = True
        yield manifest
    if not there:
        raise ManifestError(f"there is no object in {', '.join(map(label, paths))}")


def read_world(paths: tuple[Path, ...]) -> Iterator[Manifest]:
    """The same without places in JSON, for a world to judge against: finding them takes a hundred times as long."""
    for path in paths:
        for file in files(path):
            yield from _objects(file, _content(file), _plain if file.suffix == ".json" else _documents)


def placed(manifests: Iterable[Manifest], namespace: str) -> Iterator[Manifest]:
    """The manifests with a namespace where their kind is ours and has one, and they name none."""
    for manifest in manifests:
        metadata = manifest.obj.get("metadata")
        if manifest.obj["kind"] in NAMESPACED and isinstance(metadata, dict) and not metadata.get("namespace"):
            yield replace(manifest, obj={**manifest.obj, "metadata": {**metadata, "namespace": namespace}})
        else:
            yield manifest


def stored(obj: dict[str, Any]) -> dict[str, Any]:
    """The object in the version in which the API server keeps it."""
    try:
        return convert(obj, meta.API_VERSION) if obj.get("apiVersion") == meta.BETA_API_VERSION else obj
    except ConversionError:
        # A kind that v1beta1 has not: whoever judges it says so.
        return obj


def label(path: Path) -> str:
    """The file as people are told of it."""
    return "stdin" if path == STDIN else str(path)


def files(path: Path) -> list[Path]:
    """Raises ManifestError where there is nothing at the path."""
    if path.is_dir():
        return sorted(found for found in path.rglob("*") if found.suffix in SUFFIXES and found.is_file())
    if not path.exists():
        raise ManifestError(f"{path}: there is no such file or folder")
    return [path]


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error


def _objects(path: Path, content: bytes, parse: Parse) -> Iterator[Manifest]:
    if len(content) > MAX_BYTES:
        raise ManifestError(f"{label(path)}: larger than {MAX_BYTES >> 20} MiB")
    try:
        documents = list(parse(path, content))
    except (ValueError, yaml.YAMLError) as error:
        line, reason = misread.place_and_reason(content, error)
        raise ManifestError(f"{_at(path, line)}: {reason}") from error
    for number, (document, node) in enumerate(documents, start=1):
        if document is None:
            continue
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            what = f"document {number} is no Kubernetes object: it says no kind"
            raise ManifestError(f"{_at(path, _line(node))}: {what}{_remedy(path)}")
        if document["kind"].endswith("List") and isinstance(document.get("items"), list):
            yield from _items(document["items"], path, number, node)
        else:
            yield Manifest(document, path, number, node)


def _items(items: list[Any], path: Path, number: int, node: yamlform.Node | None) -> Iterator[Manifest]:
    for index, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
            what = f"items[{index}] of document {number} is no Kubernetes object: it says no kind"
            raise ManifestError(f"{_at(path, _line(yamlform.below(node, 'items', index)))}: {what}")
        yield Manifest(item, path, number, yamlform.below(node, "items", index))


def _at(path: Path, line: int | None) -> str:
    return label(path) if line is None else f"{label(path)}:{line}"


def _line(node: yamlform.Node | None) -> int | None:
    return None if node is None else node.start_mark.line + 1


def _remedy(path: Path) -> str:
    if path.stem != "kustomization":
        return ""
    return f"; check what it builds: kustomize build {path.parent} | headgate check -f -"


def _plain(_: Path, content: bytes) -> Iterator[tuple[Any, None]]:
    yield orjson.loads(content), None


def _documents(path: Path, content: bytes) -> Iterator[tuple[Any, yamlform.Node | None]]:
    if path.suffix != ".json":
        return yamlform.documents(content)
    # What is JSON is nearly always YAML too, which says where things stand; what is not has no lines.
    value = orjson.loads(content)
    try:
        return iter([(value, next(yamlform.documents(content))[1])])
    except (ValueError, yaml.YAMLError):
        return iter([(value, None)])
