"""How several workers of pytest-xdist share the tests: what one of them takes as a whole, and what goes out first.

What takes long goes out before what is short, so that no worker is alone with a long file when the others have nothing
left to do. Tests of the units come last: they compute more than they wait, and there are many short ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no type information

NODE: Final = "node"
SHARING: Final = ("tests/versions",)
"""Folders whose files share an API server of their own, which takes longer to start than most of them to run."""

LONG: Final = (
    "tests/reconciler/phases/test_pool_live.py",
    "tests/examples/worker/test_drain.py",
    "tests/certs/test_under_load.py",
    "tests/headgate/agent/test_celery_live.py",
    "tests/chart/test_orders.py",
    "tests/reconciler/phases/test_takeover_live.py",
    "tests/reconciler/phases/test_stateful_live.py",
    "tests/reconciler/phases/test_endings_live.py",
    "tests/reconciler/test_scope.py",
    "tests/reconciler/phases/test_rollouts_live.py",
    "tests/reconciler/test_watches.py",
    "tests/chart/test_converter.py",
    "tests/reconciler/test_process.py",
    "tests/versions",
    "tests/differential/test_differential.py",
    "tests/reconciler/test_namespace_end.py",
    "tests/reconciler/phases/test_budget_live.py",
    "tests/cluster_tests/test_lifecycle.py",
    "tests/headgate/offline/test_replay.py",
)
"""Scopes that take half a minute or more, longest first."""


def scope_of(nodeid: str) -> str:
    """What a worker takes as a whole: there is one node on a machine, and the tests of a file share what they have put
    into their API server.
    """
    file = nodeid.partition("::")[0]
    if file.startswith("tests/node/") or f"{Path(file).stem}_".startswith("test_node_"):
        return NODE
    return next((folder for folder in SHARING if file.startswith(f"{folder}/")), file)


def turn(nodeid: str, unit: bool) -> int:
    """The place of a test's scope among all of them: the node is busy for as long as the rest is, so it begins."""
    scope = scope_of(nodeid)
    if scope == NODE:
        return 0
    return 1 + LONG.index(scope) if scope in LONG else 1 + len(LONG) + unit


class Scopes(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no type information
    """Hands out the scopes in the order in which they were collected, and not those of the most tests first: the long
    ones have few.
    """

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
