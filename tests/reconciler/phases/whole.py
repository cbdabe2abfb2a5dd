"""The whole reconciler, as `headgate reconciler` starts it, for tests that watch it as a process."""

from __future__ import annotations

from headgate.commands.reconciler import command

if __name__ == "__main__":
    command()
