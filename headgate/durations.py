"""Options that take a length of time as the API writes it, such as 90s."""

from __future__ import annotations

import click

from crds import duration


class DurationType(click.ParamType[float]):
    """Converts to seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if not isinstance(value, str):
            return value
        try:
            return duration.seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()
