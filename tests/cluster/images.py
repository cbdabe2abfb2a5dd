"""Builds the project's own Dockerfiles without a registry and without a container engine, and only when they changed.

Their base is a Debian made by mmdebstrap instead of the public Python image; buildah builds in a chroot. An image is
kept as an archive named by the digest of all that went into it, ready to be imported by a node or loaded elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import binaries, cache, containerfile, debian, pip_settings, progress
from tests.cluster.errors import MissingError

REPOSITORY: Final = Path(__file__).parents[2]
_BASE: Final = "localhost/headgate-base"
_SUITE: Final = "bookworm"
_PACKAGES: Final = ("python3", "python3-venv", "ca-certificates")
_MOST_LAYERS: Final = 150
_LEFT_OUT: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")


@dataclass(frozen=True, slots=True)
class Image:
    """One Dockerfile and the name its image gets."""

    name: str
    context: Path
    """The folder that COPY reads from."""
    dockerfile: Path

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2].replace(":", "-")


PRODUCT: Final = Image("localhost/headgate:dev", REPOSITORY, REPOSITORY / "Dockerfile")
WORKER: Final = Image(
    "localhost/headgate-worker:dev",
    REPOSITORY / "examples" / "worker",
    REPOSITORY / "examples" / "worker" / "Dockerfile",
)


def archive(image: Image) -> Path:
    """The docker archive of an image, built now if its inputs have changed since the last time."""
    if not image.dockerfile.exists():
        raise MissingError(f"{image.dockerfile} is missing, so {image.name} cannot be built")
    debian.ensure(debian.IMAGES)
    folder = _folder() / "archives"
    with cache.locked(_folder() / ".lock", waiting="Waiting for another image build ..."):
        base = _base()
        final = folder / f"{image.short_name}-{_digest(image, base)}.tar"
        if not final.exists():
            _build(image, base, final)
    return final


def _build(image: Image, base: str, final: Path) -> None:
    _forget_killed_builds()
    home = _folder() / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    # Mounted over the builder's home, which every base has: so no trace of it gets into a layer.
    mounts = pip_settings.prepare(home, os.environ)
    _buildah(
        f"Building {image.name}",
        "bud",
        *("--isolation", "chroot", "--network", "host", "--layers", "--build-arg", f"BASE={base}"),
        *(argument for mount in mounts for argument in ("--volume", mount)),
        *("--tag", image.name, "--file", str(image.dockerfile), str(image.context)),
    )
    shutil.rmtree(home)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}")
    partial.unlink(missing_ok=True)
    _buildah(f"Exporting {image.name}", "push", "--quiet", image.name, f"docker-archive:{partial}:{image.name}")
    for old in final.parent.glob(f"{image.short_name}-*.tar"):
        old.unlink()
    partial.rename(final)


def _forget_killed_builds() -> None:
    """Clear what builds have left that were killed, and old layers when they are too many to build upon."""
    shutil.rmtree(_folder() / "run", ignore_errors=True)
    containers = _folder() / "storage" / "overlay-containers" / "containers.json"
    if containers.exists() and json.loads(containers.read_text()):
        _buildah("Clearing the image storage", "rm", "--all")
    layers = _folder() / "storage" / "overlay"
    if layers.exists() and len(list(layers.iterdir())) > _MOST_LAYERS:
        _buildah("Forgetting old layers", "rmi", "--prune", "--force")


def _base() -> str:
    """The base image's name in buildah's storage; made if it is not there."""
    name = f"{_BASE}:{hashlib.sha256(repr((_SUITE, _PACKAGES, _LEFT_OUT)).encode()).hexdigest()[:12]}"
    stored = _folder() / "storage" / f"{name.rpartition(':')[2]}.stored"
    if stored.exists():
        return name
    with tempfile.TemporaryDirectory(prefix="base-", dir=_folder()) as folder:
        root = Path(folder) / "root.tar"
        leave_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        include = f"--include={','.join(_PACKAGES)}"
        mmdebstrap = binaries.installed("mmdebstrap", debian.IMAGES)
        command: list[str | Path] = [mmdebstrap, "--quiet", "--variant=minbase", include, *leave_out, _SUITE, root]
        progress.run(
            f"Making a base image of Debian {_SUITE} (once, into {cache.root()})", [*progress.DIES_WITH_US, *command]
        )
        (Path(folder) / "Dockerfile").write_text("FROM scratch\nADD root.tar /\nENV LANG=C.UTF-8\n")
        _buildah("Storing the base image", "bud", "--isolation", "chroot", "--tag", name, folder)
    cache.write(stored, f"{name}\n")
    return name


def _digest(image: Image, base: str) -> str:
    """Of everything that can change the image: Dockerfile, base, and the names, modes and content of what it copies."""
    digest = hashlib.sha256(f"{base}\n".encode() + image.dockerfile.read_bytes())
    for path in containerfile.copied(image.dockerfile.read_text(), image.context):
        digest.update(f"\n{path.relative_to(image.context)} {path.stat().st_mode:o} ".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _buildah(what: str, command: str, *arguments: str) -> None:
    storage = _folder() / "storage"
    where: list[str | Path] = ["--root", storage, "--runroot", _folder() / "run", "--storage-driver", "overlay"]
    env = {**os.environ, "PATH": debian.search_path()}
    # Mounts in a namespace of their own are gone with it, even if buildah is killed.
    buildah: list[str | Path] = ["unshare", "--mount", binaries.installed("buildah", debian.IMAGES), *where]
    progress.run(what, [*progress.DIES_WITH_US, *buildah, command, *arguments], env=env)


def _folder() -> Path:
    folder = cache.root() / "images"
    folder.mkdir(exist_ok=True)
    return folder
