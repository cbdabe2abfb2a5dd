"""Image archives made of a few files, without any image tool: docker-archive format, which every importer reads."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path


def single_program(path: Path, name: str, program: Path, command: list[str]) -> Path:
    """An image `name` of one static program, at /bin under its own name, that runs `command`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        _add(tar, f"bin/{program.name}", program.read_bytes(), mode=0o755)
    content = layer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Entrypoint": command},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": [f"{digest}/layer.tar"]}]).encode()
    with tarfile.open(path, "w") as tar:
        _add(tar, f"{digest}/layer.tar", content)
        _add(tar, config_name, config)
        _add(tar, "manifest.json", manifest)
    return path


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
