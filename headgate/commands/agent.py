"""`headgate agent`: beside a worker, in its pod. The reconciler puts it there."""

from __future__ import annotations

import logging
import os
import sys

import click

from headgate.exits import UNUSABLE

NEEDED = ("HEADGATE_POD", "HEADGATE_POD_UID", "HEADGATE_CONFIG", "HEADGATE_DRAIN_REQUEST", "HEADGATE_RUN")


@click.command("agent")
def command() -> None:
    """Speak to a worker's job library for Headgate, until SIGTERM. Runs as a sidecar of the worker; see docs/drain.md.

    It takes its settings from the variables that the reconciler sets, and no flags.
    """
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        click.echo(f"headgate agent: not in a worker's pod, {missing[0]} is not set", err=True)
        sys.exit(UNUSABLE)
    from headgate.agent.running import run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    run(os.environ)
