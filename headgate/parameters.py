"""Types of options that are more than a word or a number; each refuses in words that say what to write instead."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from crds import duration
from headgate.simulation import raster


class DurationType(click.ParamType[float]):
    """`90s`, as the API writes durations; the command gets seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = duration.seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds <= 0:
            self.fail("must be above 0", param, ctx)
        return seconds


class DurationsType(click.ParamType[tuple[float, ...]]):
    """Several of them, joined by commas."""

    name = "DURATIONS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        return tuple(DURATION.convert(part.strip(), param, ctx) for part in str(value).split(","))


class TimeType(click.ParamType[datetime]):
    """A moment in RFC 3339, which has a zone."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value!r} is no time such as 2026-01-05T08:00:00Z", param, ctx)
        return found


class PictureType(click.Path):
    """A file that can be made, whose name says what is written into it: SVG, or PNG where the extra for it is there."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(value)
        if path.suffix.lower() not in (".svg", ".png"):
            self.fail(f"{path} must end in .svg or .png, which are what is drawn", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{path}: there is no folder {path.parent}", param, ctx)
        if path.suffix.lower() == ".png" and (lacking := raster.missing()):
            told = ", ".join(lacking)
            self.fail(f"{path} needs {told}: {raster.REMEDY}, or write {path.with_suffix('.svg')}", param, ctx)
        return super().convert(path, param, ctx)


DURATION: Final = DurationType()
DURATIONS: Final = DurationsType()
TIME: Final = TimeType()
PICTURE: Final = PictureType(dir_okay=False, path_type=Path)
