"""The API server's audit log, line by line, as a stream: a log is as long as the cluster is busy.

A line over `LONGEST_LINE` bytes is skipped, since the API server itself never keeps objects that large.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

import orjson

LONGEST_LINE: Final = 8 << 20

T = TypeVar("T")


class AuditLogError(Exception):
    """A file that is no audit log; the message says where it stops being one."""


def read(path: Path, mentions: bytes, parse: Callable[[Mapping[str, Any]], list[T]]) -> Iterator[T]:
    """What `parse` makes of every event of one file, which may be compressed with gzip, whose line mentions something.

    Raises AuditLogError, also where `parse` misses what every event has (KeyError, TypeError, AttributeError), and
    OSError.
    """
    with _open(path) as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                _skip_rest(lines)
                continue
            if mentions not in line:
                continue
            try:
                found = parse(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
                raise AuditLogError(f"{path}, line {number}: no audit event: {error}") from error
            yield from found


def acting(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who admission was told to be asking: whom the request impersonates, else who sent it."""
    return event.get("impersonatedUser") or event.get("user") or {}


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _skip_rest(lines: BinaryIO) -> None:
    while (part := lines.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        continue
