"""Every answer becomes the one error type that says what a retry is good for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Retry,
    ServerError,
    TooManyRequests,
    Unauthorized,
    from_status,
)


def status(reason: str, message: str = "no", **details: Any) -> dict[str, Any]:
    return {"kind": "Status", "reason": reason, "message": message, "details": details}


class Case(NamedTuple):
    code: int
    body: Any
    want: type[ApiError]
    want_retry: Retry
    want_after: float | None = None
    header: float | None = None


CASES = {
    "401": Case(401, status("Unauthorized"), Unauthorized, Retry.SOON),
    "403": Case(403, status("Forbidden"), Forbidden, Retry.NEVER),
    "404": Case(404, status("NotFound"), NotFound, Retry.NEVER),
    "409 of a race": Case(409, status("Conflict"), Conflict, Retry.SOON),
    "409 of a name that is taken": Case(409, status("AlreadyExists"), AlreadyExists, Retry.NEVER),
    "410": Case(410, status("Expired"), Gone, Retry.SOON),
    "422": Case(422, status("Invalid"), Invalid, Retry.NEVER),
    "429 with a header": Case(429, status("TooManyRequests"), TooManyRequests, Retry.AFTER, 7, 7),
    "429 with details": Case(429, status("TooManyRequests", retryAfterSeconds=3), TooManyRequests, Retry.AFTER, 3),
    "429 without a time": Case(429, status("TooManyRequests"), TooManyRequests, Retry.AFTER, 1),
    "500": Case(500, status("InternalError"), ServerError, Retry.SOON),
    "503 that names a time": Case(503, status("ServiceUnavailable"), ServerError, Retry.AFTER, 5, 5),
    "504 in plain text from a proxy": Case(504, "Gateway Timeout", ServerError, Retry.SOON),
    "400 without any body": Case(400, "", ApiError, Retry.NEVER),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_type_and_retry(case: Case) -> None:
    error = from_status(case.code, case.body, case.header)
    assert type(error) is case.want
    assert (error.status, error.retry, error.retry_after) == (case.code, case.want_retry, case.want_after)


def test_the_message_is_the_servers_own_and_bounded() -> None:
    assert from_status(403, status("Forbidden", "no rights")).message == "no rights"
    assert len(from_status(500, "x" * 10_000).message) == 2000
    assert str(from_status(400, "")) == "400 Unknown: HTTP status 400"


def test_details_are_kept() -> None:
    causes = [{"field": "spec.x", "message": "bad"}]
    assert from_status(422, status("Invalid", causes=causes)).details["causes"] == causes
