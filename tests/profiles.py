"""How much of the tests runs: `HEADGATE_TEST_PROFILE` names the most demanding kind that is asked for.

A lesser profile deselects the rest, and says so in pytest's header and summary. What an asked-for test needs and
does not find is that test's failure.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.scopes import NODE, Scopes, scope_of, turn

VARIABLE: Final = "HEADGATE_TEST_PROFILE"
LEVELS: Final = ("unit", "control-plane", "node")
_MARKERS: Final = {"control-plane": "control_plane", "node": "node"}
_FIXTURES: Final = {"control-plane": "control_plane", "node": "node_cluster"}


class Profiles:
    """The pytest plugin that orders, marks and deselects tests by what they need."""

    def __init__(self, asked: str) -> None:
        if asked not in LEVELS:
            raise pytest.UsageError(f"{VARIABLE}={asked}: must be one of {', '.join(LEVELS)}")
        self._asked = asked
        self._deselected: Counter[str] = Counter()

    def pytest_report_header(self) -> str:
        above = LEVELS[LEVELS.index(self._asked) + 1 :]
        left_out = f"; deselects {' and '.join(above)} tests" if above else ", all tests"
        return f"profile: {self._asked} ({VARIABLE}){left_out}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        levels = {item: level(item) for item in items}
        for item, needed in levels.items():
            if needed in _MARKERS:
                item.add_marker(_MARKERS[needed])
        limit = LEVELS.index(self._asked)
        left_out = [item for item in items if LEVELS.index(levels[item]) > limit]
        self._deselected = Counter(levels[item] for item in left_out)
        if left_out:
            config.hook.pytest_deselected(items=left_out)
        kept = [item for item in items if LEVELS.index(levels[item]) <= limit]
        # What is quick tells first; a test that starts a node of its own goes before the shared one is started,
        # because there can be only one. Otherwise the order stays. Several workers have a longer way to the end than to
        # the first failure, and take turns by what takes long.
        shared = hasattr(config, "workerinput")
        items[:] = sorted(
            kept,
            key=lambda item: (
                turn(item.nodeid, levels[item] == "unit") if shared else 0,
                LEVELS.index(levels[item]),
                _uses(item, "node"),
            ),
        )
        for item in items:
            if levels[item] == "node" and scope_of(item.nodeid) != NODE:
                raise pytest.UsageError(f"{item.nodeid} needs the node: put it into a file named test_node*.py")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> Scopes:
        return Scopes(config, log)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker of pytest-xdist, which alone has collected, tells its controller, which alone speaks."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["deselected"] = dict(self._deselected)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        # Each worker collects all of the tests, so any of them tells the same.
        self._deselected |= Counter(getattr(node, "workeroutput", {}).get("deselected", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._deselected:
            counts = ", ".join(f"{count} {name}" for name, count in sorted(self._deselected.items()))
            terminalreporter.write_line(f"{VARIABLE}={self._asked} deselected: {counts}", yellow=True)


def level(item: pytest.Item) -> str:
    """The least profile that runs this test: by its marker, or by the cluster among its fixtures."""
    needed = [name for name in _MARKERS if item.get_closest_marker(_MARKERS[name]) is not None or _uses(item, name)]
    return max(needed, key=LEVELS.index, default="unit")


def _uses(item: pytest.Item, name: str) -> bool:
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    return _FIXTURES[name] in fixtures


def asked() -> str:
    return os.environ.get(VARIABLE, "node")
