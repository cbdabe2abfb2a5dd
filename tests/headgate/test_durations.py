"""Lengths of time on the command line are written as in the API."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from headgate.durations import DURATION


@click.command()
@click.option("--timeout", type=DURATION, default="1h")
def wait(timeout: float) -> None:
    click.echo(f"{timeout:g}")


@pytest.mark.parametrize(
    ("arguments", "want_code", "want_text"),
    [
        pytest.param([], 0, "3600", id="the default is read like an argument"),
        pytest.param(["--timeout=1m30s"], 0, "90", id="several units add up"),
        pytest.param(["--timeout=soon"], 2, "Invalid value for '--timeout'", id="anything else names the option"),
        pytest.param(
            ["--timeout=90"], 2, "Invalid value for '--timeout'", id="a number without a unit could be anything"
        ),
    ],
)
def test_an_option_takes_a_duration(arguments: list[str], want_code: int, want_text: str) -> None:
    done = CliRunner().invoke(wait, arguments)
    assert (done.exit_code, want_text in done.output) == (want_code, True), done.output
