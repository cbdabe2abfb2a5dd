"""The job libraries of requirements/libraries.txt, in an environment of their own: they pin what we do not.

It lives in the cache under the digest of that file, and is made when a test first asks for it.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.cluster import cache, progress

REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements" / "libraries.txt"


def environment() -> Path:
    """The folder of its programs: `celery`, `rq`, `python` and others."""
    content = REQUIREMENTS.read_bytes() + sys.version.encode()
    venv = cache.root() / "environments" / f"libraries-{hashlib.sha256(content).hexdigest()[:16]}"
    complete = venv / "complete"
    if not complete.exists():
        with cache.locked(cache.root() / "locks" / "libraries", waiting="Waiting for another run's libraries ..."):
            if not complete.exists():
                _make(venv)
                complete.touch()
    return venv / "bin"


def _make(venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    progress.run(f"Making an environment for job libraries in {venv}", [sys.executable, "-m", "venv", venv])
    progress.run(
        "Installing job libraries, checked by hash",
        [venv / "bin" / "pip", "install", "--no-compile", "--require-hashes", "--no-deps", "-r", REQUIREMENTS],
    )
