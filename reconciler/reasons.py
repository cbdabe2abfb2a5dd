"""Every reason that a condition, an Event or a metric may carry.

Reasons are words for programs: they are stable, and documented by `docs/reference/reasons.md`, which is made from here.
A phase that needs a new one adds it here, with the sentence that a person at three in the morning wants to read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A CamelCase word; `doc` is its meaning."""

    doc: str

    def __new__(cls, value: str, doc: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.doc = doc
        return member

    # Every kind
    RECONCILED = "Reconciled", "The object is as its spec says."
    PROGRESSING = "Progressing", "Headgate is on its way to what the spec says."
    RETRYING = "Retrying", "Something outside failed several times in a row; Headgate goes on trying."
    INTERNAL_ERROR = "InternalError", "Headgate itself failed on this object; its log has the details; tried again."
    API_SERVER_REFUSED = "ApiServerRefused", "The API server refused a write by RBAC, quota or validation; tried again."
    API_SERVER_UNAVAILABLE = "ApiServerUnavailable", "The API server did not answer or failed; tried again."
    INVALID_SPEC = "InvalidSpec", "The stored spec cannot be followed; the message names the field. Change it."
    PAUSED = "Paused", "spec.paused is set: Headgate changes nothing."
