"""Commands that are imported when they are called, so that each process loads only what it runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """`commands_in` names for each command the module whose `command` it is."""

    def __init__(self, *arguments: Any, commands_in: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._modules = commands_in

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        command = import_module(self._modules[cmd_name]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._modules[cmd_name]}.command is no click command")
        return command
