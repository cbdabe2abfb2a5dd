"""`headgate policy`: suites of tests, a preview of a policy, and native policies to add."""

from __future__ import annotations

from typing import Final

import click

from headgate.lazy import LazyGroup

COMMANDS: Final = {
    "native": "headgate.commands.policy_native",
    "preview": "headgate.commands.policy_preview",
    "test": "headgate.commands.policy_test",
}


@click.command("policy", cls=LazyGroup, commands_in=COMMANDS)
def command() -> None:
    """Test policies, see what they would find, and print what the API server can enforce by itself."""
