"""Between the versions of our own API."""

from __future__ import annotations

from crds import meta
from crds.conversion import convert, unsaid
from headgate.moving.moved import Moved, Object

VERSIONS = (meta.VERSION, meta.BETA)


def moved(obj: Object, version: str) -> Moved:
    """The object in `version`. Raises ConversionError for a kind that has only one."""
    converted = convert(obj, f"{meta.GROUP}/{version}")
    notes = [f"{path} has no effect: {instead}" for path, instead in unsaid(converted).items()]
    return Moved(converted, tuple(notes))
