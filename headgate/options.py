"""Command-line options made from a settings dataclass: each field a flag, a `HEADGATE_*` variable and a default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

Function = Callable[..., Any]


def from_settings(settings: type[Any]) -> Callable[[Function], Function]:
    """Decorates a command with an option for each field; the command gets them by the fields' names."""
    hints = get_type_hints(settings)

    def decorate(function: Function) -> Function:
        for setting in reversed(fields(settings)):
            function = _option(setting, hints[setting.name])(function)
        return function

    return decorate


def variable(name: str) -> str:
    return f"HEADGATE_{name.upper()}"


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _option(setting: Field[Any], hint: Any) -> Callable[[Function], Function]:
    default = None if setting.default is MISSING else setting.default
    return click.option(
        flag(setting.name),
        setting.name,
        type=_type(hint),
        callback=_converted(hint),
        default=str(default) if isinstance(default, StrEnum) else default,
        envvar=variable(setting.name),
        show_envvar=True,
        show_default=default not in (None, ""),
        help=setting.metadata["help"],
    )


def _type(hint: Any) -> Any:
    plain = _plain(hint)
    if issubclass(plain, StrEnum):
        return click.Choice([member.value for member in plain])
    return click.Path(path_type=Path) if plain is Path else plain


def _converted(hint: Any) -> Callable[[click.Context, click.Parameter, Any], Any] | None:
    plain = _plain(hint)
    return (lambda _context, _option, value: plain(value)) if issubclass(plain, StrEnum) else None


def _plain(hint: Any) -> type[Any]:
    """The type of a setting that may be absent, or the type itself."""
    found: type[Any] = next((part for part in get_args(hint) if part is not type(None)), hint)
    return found
