"""The command line. Commands are imported when they are called, so that each process loads only what it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "check": "headgate.commands.check",
    "drain": "headgate.commands.drain",
    "hold": "headgate.commands.hold",
    "pause": "headgate.commands.pause",
    "reconciler": "headgate.commands.reconciler",
    "release": "headgate.commands.release",
    "resume": "headgate.commands.resume",
    "status": "headgate.commands.status",
    "wait-ready": "headgate.commands.wait_ready",
    "webhook": "headgate.commands.webhook",
}
"""Each command and the module whose `command` it is."""


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]}.command is no click command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headgate", prog_name="headgate")
def main() -> None:
    """Run job-queue workers on Kubernetes safely."""
