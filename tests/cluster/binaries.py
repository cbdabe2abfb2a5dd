"""Where each program of a cluster is found: given by the user, in the cache, or among Debian's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from tests.cluster import builder, debian
from tests.cluster.errors import MissingError

VARIABLE: Final = "HEADGATE_TEST_KUBERNETES"
_KUBERNETES: Final = {"": builder.KUBERNETES, "oldest": builder.OLDEST_KUBERNETES}


def kubernetes(program: str) -> Path:
    """A program of Kubernetes: from `KUBEBUILDER_ASSETS` where that has it, else built.

    `HEADGATE_TEST_KUBERNETES=oldest` asks for the oldest version that the charts accept, of which no node runs here.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in _KUBERNETES:
        raise MissingError(f"{VARIABLE}={asked} is neither empty nor `oldest`")
    tool = _KUBERNETES[asked]
    if program not in tool.programs:
        raise MissingError(f"{program} {tool.version} is not built here: set HEADGATE_TEST_PROFILE=control-plane")
    return _given(program) or builder.ensure(tool, program)


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
