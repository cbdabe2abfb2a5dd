"""`headgate reconciler`: the operator."""

from __future__ import annotations

import sys
from typing import Any

import click

from headgate.options import from_settings
from reconciler.settings import SettingError, Settings


@click.command("reconciler")
@from_settings(Settings)
def command(**settings: Any) -> None:
    """Make the cluster follow Queues and WorkerPools until SIGTERM."""
    try:
        chosen = Settings(**settings)
    except SettingError as error:
        raise click.UsageError(str(error)) from error
    from reconciler.main import main
    from webhooks import logs

    logs.configure(chosen.log_level)
    sys.exit(main(chosen))
