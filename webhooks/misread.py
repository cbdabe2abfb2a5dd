"""Why a text cannot be read as manifests: the line, and a sentence for who wrote it."""

from __future__ import annotations

import orjson
import yaml
from yaml.reader import ReaderError


def place_and_reason(content: bytes, error: Exception) -> tuple[int | None, str]:
    """The line, from 1, where it is known, and what is wrong there."""
    match error:
        case orjson.JSONDecodeError():
            return error.lineno, f"no JSON: {error.msg}, at column {error.colno}"
        case yaml.MarkedYAMLError() if (mark := error.problem_mark or error.context_mark) is not None:
            line = mark.line + 1
            return line, _indented_by_tabs(content, line) or f"no YAML: {_problem(error)}"
        case ReaderError():
            before = content[: error.position] if isinstance(error.position, int) else b""
            return before.count(b"\n") + 1, f"no text in UTF-8: {error.reason}"
    return None, " ".join(str(error).split())


def _indented_by_tabs(content: bytes, line: int) -> str:
    text = content.splitlines()[line - 1 : line] or [b""]
    indentation = text[0][: len(text[0]) - len(text[0].lstrip())]
    return "no YAML: a tab in the indentation, where only spaces may be" if b"\t" in indentation else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What the parser missed, and in what, where that began in another line."""
    parts = [error.problem or "cannot be read"]
    began, missed = error.context_mark, error.problem_mark
    if error.context and began is not None and missed is not None and began.line < missed.line:
        parts.append(f"{error.context} that begins in line {began.line + 1}")
    return " ".join(" ".join(parts).split())
