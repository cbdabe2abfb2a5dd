"""The command line. Commands are imported when they are called, so that each process loads only what it runs."""

from __future__ import annotations

from typing import Final

import click

from headgate.lazy import LazyGroup

COMMANDS: Final = {
    "agent": "headgate.commands.agent",
    "audit": "headgate.commands.audit",
    "check": "headgate.commands.check",
    "convert": "headgate.commands.convert",
    "converter": "headgate.commands.converter",
    "dlq": "headgate.commands.dlq",
    "drain": "headgate.commands.drain",
    "explain": "headgate.commands.explain",
    "hold": "headgate.commands.hold",
    "inject": "headgate.commands.inject",
    "pause": "headgate.commands.pause",
    "policy": "headgate.commands.policy",
    "reconciler": "headgate.commands.reconciler",
    "release": "headgate.commands.release",
    "replay": "headgate.commands.replay",
    "restart": "headgate.commands.restart",
    "resume": "headgate.commands.resume",
    "rollout": "headgate.commands.rollout",
    "simulate": "headgate.commands.simulate",
    "status": "headgate.commands.status",
    "wait-ready": "headgate.commands.wait_ready",
    "webhook": "headgate.commands.webhook",
}
"""Each command and the module whose `command` it is."""


@click.group(cls=LazyGroup, commands_in=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headgate", prog_name="headgate")
def main() -> None:
    """Run job-queue workers on Kubernetes safely."""
