"""Where each program of a cluster is found: given by the user, in the cache, or among Debian's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cluster import builder, debian


def kubernetes(program: str) -> Path:
    """A program of Kubernetes: from `KUBEBUILDER_ASSETS` where that has it, else built."""
    return _given(program) or builder.ensure(builder.KUBERNETES, program)


def etcd() -> Path:
    return _given("etcd") or installed("etcd", debian.CONTROL_PLANE)


def installed(program: str, packages: dict[str, str]) -> Path:
    """A program of the machine; `packages` names the Debian packages to install where it is missing."""
    debian.ensure(packages)
    found = shutil.which(program, path=debian.search_path())
    assert found is not None, f"{program}: ensured by {packages}"
    return Path(found)


def _given(program: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    given = Path(assets) / program if assets else None
    return given if given is not None and given.exists() else None
