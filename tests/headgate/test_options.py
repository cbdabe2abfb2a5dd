"""Settings come from flags, then from the environment, then from their defaults."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from headgate.cli import COMMANDS, main
from headgate.options import flag, from_settings, variable
from webhooks.settings import Scope, Settings


def settings(arguments: list[str], environment: dict[str, str]) -> Settings:
    found: list[Settings] = []

    @click.command
    @from_settings(Settings)
    def command(**values: Any) -> None:
        found.append(Settings(**values))

    result = CliRunner().invoke(command, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return found[0]


@pytest.mark.parametrize(
    ("arguments", "environment", "want_settings"),
    [
        pytest.param([], {}, Settings(), id="defaults"),
        pytest.param(["--port=1", "--scope=cluster"], {}, Settings(port=1, scope=Scope.CLUSTER), id="flags"),
        pytest.param([], {"HEADGATE_CERT_DIR": "/x"}, Settings(cert_dir=Path("/x")), id="the environment"),
        pytest.param(["--port=1"], {"HEADGATE_PORT": "2"}, Settings(port=1), id="flags win over the environment"),
        pytest.param([], {"HEADGATE_NAMESPACE": ""}, Settings(), id="an empty variable sets nothing"),
    ],
)
def test_where_settings_come_from(arguments: list[str], environment: dict[str, str], want_settings: Settings) -> None:
    assert settings(arguments, environment) == want_settings


def test_every_setting_can_be_given_both_ways_and_is_explained() -> None:
    told = " ".join(CliRunner().invoke(main, ["webhook", "--help"], terminal_width=200).output.split())
    for setting in fields(Settings):
        assert flag(setting.name) in told
        assert variable(setting.name) in told
        assert " ".join(setting.metadata["help"].split()) in told


def test_every_command_is_there() -> None:
    told = CliRunner().invoke(main, ["--help"]).output
    for name in COMMANDS:
        assert name in told
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0
    assert CliRunner().invoke(main, ["unknown"]).exit_code == 2
