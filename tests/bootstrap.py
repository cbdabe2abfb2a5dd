#!/usr/bin/env python3
"""Runs a command in the project's own environment, which it makes first where it is missing.

    tests/bootstrap.py pytest tests/crds

The environment holds exactly what requirements/dev.txt pins. It lives in the cache under the digest of that file and
of the interpreter, so another branch with other pins does not disturb it. Nothing but Python 3.11 is assumed here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
REQUIREMENTS = REPOSITORY / "requirements" / "dev.txt"
NEEDED = (3, 11)
# Not this folder, whose names are those of the packages they test.
sys.path[0] = str(REPOSITORY)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} COMMAND [ARGUMENT...]")
    use_new_enough_python()
    from tests.cluster.errors import ClusterError

    try:
        venv = environment()
    except ClusterError as error:
        sys.exit(f"error: {error}")
    os.environ["VIRTUAL_ENV"] = str(venv)
    os.environ["PATH"] = f"{venv / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command is the caller's own


def use_new_enough_python() -> None:
    """Become python3.11 where `python3` is older."""
    if sys.version_info >= NEEDED:
        return
    wanted = "python{}.{}".format(*NEEDED)
    found = shutil.which(wanted)
    if found is None:
        sys.exit(f"error: Python {'.'.join(map(str, NEEDED))} or newer is needed, {sys.executable} is older")
    os.execv(found, [found, *sys.argv])  # noqa: S606 - ourselves, with another interpreter


def environment() -> Path:
    """The environment's folder, complete."""
    from tests.cluster import cache

    content = REQUIREMENTS.read_bytes() + sys.version.encode() + sys.executable.encode()
    venv = cache.root() / "environments" / hashlib.sha256(content).hexdigest()[:16]
    complete = venv / "complete"
    if not complete.exists():
        with cache.locked(cache.root() / "locks" / "environments", waiting="Waiting for another run's set-up ..."):
            if not complete.exists():
                make(venv)
                complete.touch()
    return venv


def make(venv: Path) -> None:
    from tests.cluster import progress
    from tests.cluster.errors import MissingError

    install_venv_package()
    shutil.rmtree(venv, ignore_errors=True)
    try:
        progress.run(f"Making a Python environment in {venv}", [sys.executable, "-m", "venv", venv])
        progress.run(
            f"Installing what {REQUIREMENTS.relative_to(REPOSITORY)} pins, checked by hash",
            # Byte code is made when a module is first used; most never are.
            [venv / "bin" / "pip", "install", "--no-compile", "--require-hashes", "--no-deps", "-r", REQUIREMENTS],
        )
    except (RuntimeError, subprocess.SubprocessError) as error:
        raise MissingError(str(error)) from None


def install_venv_package() -> None:
    """Debian ships the venv module without what it needs to fill an environment."""
    try:
        import ensurepip  # noqa: F401 - asked for by being importable
    except ImportError:
        from tests.cluster import debian

        debian.install(["python3-venv"])


if __name__ == "__main__":
    main()
