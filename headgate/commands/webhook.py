"""`headgate webhook`: the admission server."""

from __future__ import annotations

from typing import Any

import click

from headgate.options import from_settings
from webhooks.settings import Settings


@click.command("webhook")
@from_settings(Settings)
def command(**settings: Any) -> None:
    """Serve admission reviews until SIGTERM."""
    from webhooks.server import run

    run(Settings(**settings))
