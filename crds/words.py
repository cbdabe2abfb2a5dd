"""Enumerations that are asked for with every review."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """Its members are hashed as the texts they are: the enumeration's own hash is written in Python."""

    __hash__ = str.__hash__
