"""What the pages show of a command is what it prints: every `$ headgate ...` in a console block is run and compared."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli import main

ROOT = Path(__file__).parents[2]
PAGES = ("check", "policy-tests", "versions")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown() -> Iterator[tuple[str, str]]:
    """Each command of the pages, and what they say it prints."""
    for page in PAGES:
        for block in _BLOCK.findall((ROOT / "docs" / f"{page}.md").read_text()):
            for called in block.split("$ headgate ")[1:]:
                command, _, output = called.partition("\n")
                yield command, output


@pytest.mark.parametrize(("command", "want"), list(shown()), ids=[command for command, _ in shown()])
def test_a_page_shows_what_is_printed(command: str, want: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(main, shlex.split(command)).output == want
