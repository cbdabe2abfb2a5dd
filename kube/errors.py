"""What can go wrong when talking to the API server, each with what a retry is good for.

    ApiError
    ├── Unreachable            no answer: connection, TLS or time-out            SOON
    │   └── Silence            a watch said nothing for longer than bookmarks    SOON
    ├── Unauthorized       401 the credentials were not accepted                 SOON
    ├── Forbidden          403 RBAC or admission says no                         NEVER
    ├── NotFound           404                                                   NEVER
    ├── Conflict           409 somebody else wrote first                         SOON
    │   └── AlreadyExists  409 the name is taken                                 NEVER
    ├── Gone               410 the resourceVersion or continue token is too old  SOON
    ├── Invalid            422 the object or a tested patch is wrong             NEVER
    ├── TooManyRequests    429 priority and fairness, or an eviction's budget    AFTER
    └── ServerError        5xx                                                   SOON, or AFTER where it names a time

`NEVER` means: not with the same request; somebody has to change something first.
"""

# ruff: noqa: N818 - the classes are named after the API server's own reasons
from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar


class Retry(StrEnum):
    """What repeating the same request is good for."""

    NEVER = "Never"
    SOON = "Soon"
    AFTER = "After"


class ApiError(Exception):
    """The API server's refusal. `status` is 0 where there was no answer; `details` is `Status.details`."""

    retry: Retry = Retry.NEVER
    default_reason: ClassVar[str] = "Unknown"

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason or self.default_reason
        self.message = message
        self.details: Mapping[str, Any] = details or {}
        self.retry_after = retry_after
        """Seconds to wait before the next try, where `retry` is AFTER."""

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}" if self.status else f"{self.reason}: {self.message}"


class Unreachable(ApiError):
    retry = Retry.SOON
    default_reason = "Unreachable"


class Silence(Unreachable):
    default_reason = "Silence"


class Unauthorized(ApiError):
    retry = Retry.SOON
    default_reason = "Unauthorized"


class Forbidden(ApiError):
    default_reason = "Forbidden"


class NotFound(ApiError):
    default_reason = "NotFound"


class Conflict(ApiError):
    retry = Retry.SOON
    default_reason = "Conflict"


class AlreadyExists(Conflict):
    retry = Retry.NEVER
    default_reason = "AlreadyExists"


class Gone(ApiError):
    retry = Retry.SOON
    default_reason = "Expired"


class Invalid(ApiError):
    default_reason = "Invalid"


class TooManyRequests(ApiError):
    retry = Retry.AFTER
    default_reason = "TooManyRequests"


class ServerError(ApiError):
    retry = Retry.SOON
    default_reason = "InternalError"


_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
}
_LONGEST_MESSAGE = 2000


def from_status(code: int, body: Any, retry_after: float | None = None) -> ApiError:
    """The typed error for an HTTP status and the body that came with it, which need not be a `Status`."""
    status: Mapping[str, Any] = body if isinstance(body, Mapping) and body.get("kind") == "Status" else {}
    reason = str(status.get("reason") or "")
    details = status.get("details") or {}
    message = str(status.get("message") or _text(body) or f"HTTP status {code}")[:_LONGEST_MESSAGE]
    if retry_after is None and details.get("retryAfterSeconds"):
        retry_after = float(details["retryAfterSeconds"])
    error = _type(code, reason)(message, status=code, reason=reason, details=details, retry_after=retry_after)
    if isinstance(error, TooManyRequests):
        error.retry_after = 1.0 if retry_after is None else retry_after
    elif isinstance(error, ServerError) and retry_after is not None:
        error.retry = Retry.AFTER
    return error


def _type(code: int, reason: str) -> type[ApiError]:
    if code == 409 and reason == "AlreadyExists":
        return AlreadyExists
    return _BY_STATUS.get(code) or (ServerError if code >= 500 else ApiError)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else ""
