"""Logs as one JSON object a line. They name kinds, rules and places in the code; never what an object holds."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import orjson

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JSONFormatter(logging.Formatter):
    """`extra` fields become fields. Exceptions are told by type and place: their text may quote an object."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = chain(record.exc_info[1])
        return orjson.dumps(entry, default=str).decode()


def chain(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first: type, and the frames as file:line:function."""
    told: list[dict[str, Any]] = []
    seen: BaseException | None = error
    while seen is not None and len(told) < 5:
        frames = traceback.extract_tb(seen.__traceback__)[-20:]
        places = [f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in frames]
        told.append({"type": type(seen).__name__, "at": places})
        seen = seen.__cause__ or seen.__context__
    return told


def configure(level: str = "INFO") -> None:
    """Send everything to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # uvicorn speaks of its start and of every odd connection; its access log would cost more than the review.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel("WARNING")
