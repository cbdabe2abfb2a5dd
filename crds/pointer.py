"""Paths as JSON Pointer writes them (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def pointer(path: Iterable[str]) -> str:
    return "".join(f"/{token.replace('~', '~0').replace('/', '~1')}" for token in path)
