"""The rules in CEL of the examples, as the documentation shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from headgate.cli import main

ROOT: Final = Path(__file__).parents[2]
RULES: Final = ROOT / "examples" / "rules"
DOCUMENT: Final = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [
        "check -f examples/rules/pool.yaml --policies examples/rules/policy.yaml",
        "check -f examples/rules/typo.yaml",
        "check -f examples/rules/costly.yaml",
        "check -f examples/policies/refused.yaml --policies examples/policies/guardrails.yaml",
        "check -f examples/policies/mistakes.yaml",
        "check -f examples/policies/timeouts.yaml",
    ],
)
def test_the_documentation_shows_what_is_printed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    printed = CliRunner().invoke(main, command.split())

    assert printed.exit_code == (0 if "timeouts" in command else 1), printed.output
    assert f"```\n$ headgate {command}\n{printed.output}```\n" in DOCUMENT


def test_the_documentation_shows_the_examples() -> None:
    _, _, content = (RULES / "policy.yaml").read_text(encoding="utf-8").partition("\n")
    assert f"```yaml\n{content}```\n" in DOCUMENT
    guardrails = (ROOT / "examples" / "policies" / "guardrails.yaml").read_text(encoding="utf-8")
    assert f"```yaml\n{guardrails.partition('---')[0]}```\n" in DOCUMENT


@pytest.mark.parametrize("example", ["rules/policy.yaml", "policies/guardrails.yaml"])
def test_the_examples_are_fine(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert CliRunner().invoke(main, ["check", "-f", f"examples/{example}"]).exit_code == 0
