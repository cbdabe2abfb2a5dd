"""Pods whose workers are those of real job libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import libraries
from tests.headgate.agent.pods import Pod

MakePod = Callable[[str], Pod]


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the libraries' programs."""
    return libraries.environment()


@pytest.fixture
def make_pod(redis_server: str, tmp_path: Path) -> Iterator[MakePod]:
    made: list[Pod] = []

    def make(layout: str) -> Pod:
        made.append(Pod(tmp_path, redis_server, layout))
        return made[-1]

    yield make
    for pod in made:
        pod.stop()
