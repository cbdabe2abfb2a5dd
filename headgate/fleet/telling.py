"""Progress: one line that is written over on a terminal, a line for each change elsewhere, an object each as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
import orjson

from headgate.fleet.targets import Target


class Teller:
    """`output` is text or json."""

    def __init__(self, target: Target, output: str, *, terminal: bool | None = None) -> None:
        self._target = target
        self._json = output == "json"
        self._terminal = sys.stdout.isatty() if terminal is None else terminal
        self._said = ""
        self._open = False

    def progress(self, line: str, fields: Mapping[str, Any]) -> None:
        """Nothing where nothing has changed."""
        if line == self._said:
            return
        self._said = line
        if self._json or not self._terminal:
            self.say(line, fields)
            return
        click.echo(f"\r\x1b[K{self._target}: {line}", nl=False, color=True)
        self._open = True

    def say(self, line: str, fields: Mapping[str, Any]) -> None:
        """A line that stays."""
        if self._json:
            click.echo(orjson.dumps({"target": str(self._target), "message": line, **fields}).decode())
            return
        click.echo(("\n" if self._open else "") + f"{self._target}: {line}")
        self._open = False
