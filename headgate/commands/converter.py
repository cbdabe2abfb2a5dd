"""`headgate converter`: the conversion server of the whole cluster."""

from __future__ import annotations

from typing import Any

import click

from headgate.options import from_settings
from webhooks.converter import Settings


@click.command("converter")
@from_settings(Settings)
def command(**settings: Any) -> None:
    """Convert between the versions of the API until SIGTERM. Needs no cluster and no rights."""
    if settings["cert_dir"] is None:
        raise click.UsageError("say where the certificate is: --cert-dir")
    from webhooks.converter import run

    run(Settings(**settings))
