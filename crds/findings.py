"""What is wrong with one field, in the words the API server itself uses.

`Finding.line()` gives exactly the text that kubectl prints behind the bullet of a 422 answer.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from crds.words import Word


class Reason(Word):
    """The cause types of `metav1.StatusCause` that Headgate uses."""

    INVALID = "FieldValueInvalid"
    REQUIRED = "FieldValueRequired"
    NOT_SUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    DUPLICATE = "FieldValueDuplicate"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    TYPE_INVALID = "FieldValueTypeInvalid"


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()

_WORDS: Final = {
    Reason.INVALID: "Invalid value",
    Reason.REQUIRED: "Required value",
    Reason.NOT_SUPPORTED: "Unsupported value",
    Reason.FORBIDDEN: "Forbidden",
    Reason.DUPLICATE: "Duplicate value",
    Reason.TOO_LONG: "Too long",
    Reason.TOO_MANY: "Too many",
    Reason.TYPE_INVALID: "Invalid value",
}

# A value that is refused for holding a password must not carry it into messages and audit logs.
_CREDENTIALS: Final = re.compile(r"(://)[^/@\s]*(?=@)|((?:password|username|user|token)=)[^&\s\"]*", re.IGNORECASE)


class Finding(NamedTuple):
    """One finding about one field. `value` is ABSENT where naming it would not help."""

    field: str
    reason: Reason
    message: str
    value: Any = ABSENT

    def detail(self) -> str:
        """The cause's message: kind of finding, value, and what to do."""
        words = _WORDS[self.reason]
        if self.value is ABSENT:
            return f"{words}: {self.message}"
        return f"{words}: {_brief(self.value)}: {self.message}"

    def line(self) -> str:
        return f"{self.field}: {self.detail()}"


def _brief(value: Any) -> str:
    if type(value) is int:
        return str(value)
    text = _CREDENTIALS.sub(_masked, json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 80 else text[:77] + "..."


def _masked(match: re.Match[str]) -> str:
    return f"{match[1] or match[2]}***"
